//! Tokens in Postgres.

use async_trait::async_trait;
use diesel::dsl::{case_when, insert_into};
use diesel::prelude::*;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor, UpdateToken,
};
use stint_domain::access::{SecretHash, Token};
use stint_domain::values::TokenId;
use stint_domain::{BackendError, Page, PageSize};

use crate::access::{all, capturing};
use crate::postgres::Postgres;
use crate::postgres::access::rows::{TokenColumns, TokenRow};
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::read::{self, one};
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::tokens;
use crate::postgres::sql::Sql;
use crate::sql::Varying;

#[async_trait]
impl TokenRepository for Postgres {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.run(Repeat::Never, move |connection| {
            let row = TokenRow::from(&token);
            let Some(maker) = token.made_by else {
                insert_into(tokens::table).values(row).execute(connection)?;
                return Ok(());
            };
            transaction(connection, |connection| {
                // A revocation of the maker either waits for this lock and then finds the token that is inserted
                // here; or this statement waits for the revocation, and finds the maker revoked.
                let usable: Option<uuid::Uuid> = tokens::table
                    .find(maker.as_uuid())
                    .filter(tokens::revoked_at.is_null())
                    .select(tokens::id)
                    .for_share()
                    .first(connection)
                    .optional()?;
                usable.ok_or(Failure::Refused(CreateTokenError::MakerRevoked(maker)))?;
                insert_into(tokens::table).values(row).execute(connection)?;
                Ok(())
            })
        })
        .await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        let RevokeToken { id, at, made } = command;
        self.run(Repeat::Harmless, move |connection| {
            transaction(connection, |connection| {
                if made == Made::Revoke {
                    // Locks in the order of ids, as those who log pings do.
                    let all = tokens::id.eq(id.as_uuid()).or(tokens::made_by.eq(id.as_uuid()));
                    let _locked: Vec<uuid::Uuid> = tokens::table
                        .filter(all)
                        .order(tokens::id)
                        .select(tokens::id)
                        .for_no_key_update()
                        .load(connection)?;
                }
                let first_moment = case_when(
                    tokens::revoked_at.is_null(),
                    timestamptz(at).into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>(),
                )
                .otherwise(tokens::revoked_at);
                let revoked = diesel::update(tokens::table.find(id.as_uuid()))
                    .set(tokens::revoked_at.eq(first_moment))
                    .returning(TokenRow::as_returning())
                    .get_result(connection);
                let token = one(revoked)?.ok_or(Failure::Refused(ChangeTokenError::NotFound(id)))?;
                // A separate statement, because its snapshot must be taken after the lock: so it sees all tokens that
                // the token made.
                let with_it = match made {
                    Made::Keep => 0,
                    Made::Revoke => {
                        let of_it = tokens::table.filter(tokens::made_by.eq(id.as_uuid()));
                        diesel::update(of_it.filter(tokens::revoked_at.is_null()))
                            .set(tokens::revoked_at.eq(timestamptz(at)))
                            .execute(connection)?
                    }
                };
                Ok(Revoked { token, made: with_it as u64 })
            })
        })
        .await
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        self.run(Repeat::Harmless, move |connection| {
            let UpdateToken { id, changes } = &command;
            let token = if changes.is_empty() {
                // An update that sets nothing would be no valid statement.
                find(connection, *id)?
            } else {
                let name = changes.name.as_ref().map(|name| tokens::name.eq(name.as_str()));
                let expiry = changes.expiry.map(|expiry| tokens::expires_at.eq(expiry.moment().map(timestamptz)));
                let update = diesel::update(tokens::table.find(id.as_uuid())).set((name, expiry));
                one(update.returning(TokenRow::as_returning()).get_result(connection))?
            };
            token.ok_or(Failure::Refused(ChangeTokenError::NotFound(*id)))
        })
        .await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.run(Repeat::Reads, move |connection| find(connection, id)).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.run(Repeat::Reads, move |connection| {
            let token = tokens::table.filter(tokens::secret_hash.eq(hash.0.as_slice()));
            one(token.select(TokenRow::as_select()).first(connection))
        })
        .await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.run(Repeat::Reads, move |connection| page(all(&query), connection, query.size)).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.run(Repeat::Reads, move |connection| page(capturing(&query), connection, query.size)).await
    }
}

fn page(
    listing: Sql<'_, Varying<TokenColumns>>,
    connection: &mut PgConnection,
    size: PageSize,
) -> Result<Page<Token, TokenCursor>, Failure<BackendError>> {
    read::page(listing.load::<TokenRow>(connection), size)
}

/// The token, if it exists.
pub(in crate::postgres) fn find<R: From<BackendError>>(
    connection: &mut PgConnection,
    id: TokenId,
) -> Result<Option<Token>, Failure<R>> {
    one(tokens::table.find(id.as_uuid()).select(TokenRow::as_select()).first(connection))
}
