//! Tokens in Postgres.

use async_trait::async_trait;
use diesel::dsl::{case_when, exists, insert_into};
use diesel::prelude::*;
use diesel::select;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor,
    TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Token, TokenKind};
use stint_domain::people::{Handle, PersonStatus};
use stint_domain::values::{PersonId, TokenId};
use stint_domain::{BackendError, Page, PageSize};

use crate::access::{all, capturing};
use crate::postgres::Postgres;
use crate::postgres::access::name_space;
use crate::postgres::access::rows::{KnownTokenRow, TokenColumns, TokenRow};
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::read::{self, one};
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::{people, tokens};
use crate::postgres::sql::Sql;
use crate::sql::Varying;

#[async_trait]
impl TokenRepository for Postgres {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.requests
            .run(Repeat::Never, token, |connection, token| {
                Box::pin(transaction(connection, async |connection| create(connection, token).await))
            })
            .await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        self.requests
            .run(Repeat::Harmless, command, |connection, command| {
                Box::pin(transaction(connection, async |connection| revoke(connection, command).await))
            })
            .await
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
        self.requests.run(Repeat::Harmless, command, |connection, command| Box::pin(update(connection, command))).await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.requests.run(Repeat::Reads, id, |connection, id| Box::pin(find(connection, *id))).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        self.requests
            .run(Repeat::Reads, hash, |connection, hash| {
                let token = tokens::table
                    .left_join(people::table.on(tokens::person_id.eq(people::id.nullable())))
                    .filter(tokens::secret_hash.eq(hash.0.as_slice()))
                    .select((TokenRow::as_select(), (people::role, people::status).nullable()));
                Box::pin(async move { one(token.first::<KnownTokenRow>(connection).await) })
            })
            .await
    }

    async fn touch(&self, command: TouchSession) -> Result<(), BackendError> {
        self.requests.run(Repeat::Harmless, command, |connection, command| Box::pin(touch(connection, command))).await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| Box::pin(page(all(query), connection, query.size)))
            .await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| Box::pin(page(capturing(query), connection, query.size)))
            .await
    }
}

async fn create(connection: &mut AsyncPgConnection, token: &Token) -> Result<(), Failure<CreateTokenError>> {
    // People are locked before tokens.
    let is_refused = match token.person {
        Some(person) => !is_active(connection, person).await?,
        None => is_handle(connection, token).await?,
    };
    if let Some(maker) = token.made_by
        && !is_usable(connection, maker).await?
    {
        return Err(Failure::Refused(CreateTokenError::MakerRevoked(maker)));
    }
    match token.person {
        Some(person) if is_refused => Err(Failure::Refused(CreateTokenError::PersonInactive(person))),
        None if is_refused => Err(Failure::Refused(CreateTokenError::SubjectIsPersons(token.subject.clone()))),
        _ => Ok(insert(connection, token).await?),
    }
}

/// Whether the person is active. A deactivation either waits for this lock and then finds the token that is inserted;
/// or this statement waits for the deactivation, and finds the person deactivated.
async fn is_active(connection: &mut AsyncPgConnection, person: PersonId) -> QueryResult<bool> {
    let active: Option<uuid::Uuid> = people::table
        .find(person.as_uuid())
        .filter(people::status.eq(PersonStatus::Active.as_str()))
        .select(people::id)
        .for_share()
        .first(connection)
        .await
        .optional()?;
    Ok(active.is_some())
}

/// Whether the token's subject is the handle of a person.
async fn is_handle(connection: &mut AsyncPgConnection, token: &Token) -> QueryResult<bool> {
    name_space::share(connection).await?;
    let person = people::table.filter(people::handle_folded.eq(Handle::folded_subject(&token.subject)));
    select(exists(person)).get_result(connection).await
}

/// Whether the maker is not revoked. A revocation either waits for this lock and then finds the token that is inserted;
/// or this statement waits for the revocation, and finds the maker revoked.
async fn is_usable(connection: &mut AsyncPgConnection, maker: TokenId) -> QueryResult<bool> {
    let usable: Option<uuid::Uuid> = tokens::table
        .find(maker.as_uuid())
        .filter(tokens::revoked_at.is_null())
        .select(tokens::id)
        .for_share()
        .first(connection)
        .await
        .optional()?;
    Ok(usable.is_some())
}

pub(in crate::postgres) async fn insert(connection: &mut AsyncPgConnection, token: &Token) -> QueryResult<()> {
    insert_into(tokens::table).values(TokenRow::from(token)).execute(connection).await.map(drop)
}

async fn touch(
    connection: &mut AsyncPgConnection,
    TouchSession { id, at, expires_at }: &TouchSession,
) -> Result<(), Failure<BackendError>> {
    let at = timestamptz(*at);
    let session = tokens::table
        .find(id.as_uuid())
        .filter(tokens::kind.eq(TokenKind::Session.as_str()))
        .filter(tokens::revoked_at.is_null())
        .filter(tokens::last_used_at.is_null().or(tokens::last_used_at.le(at)));
    diesel::update(session)
        .set((tokens::last_used_at.eq(at), tokens::expires_at.eq(timestamptz(*expires_at))))
        .execute(connection)
        .await?;
    Ok(())
}

async fn revoke(
    connection: &mut AsyncPgConnection,
    &RevokeToken { id, at, made }: &RevokeToken,
) -> Result<Revoked, Failure<ChangeTokenError>> {
    if made == Made::Revoke {
        // Locks in the order of ids, as those who log pings do.
        let all = tokens::id.eq(id.as_uuid()).or(tokens::made_by.eq(id.as_uuid()));
        let _locked: Vec<uuid::Uuid> =
            tokens::table.filter(all).order(tokens::id).select(tokens::id).for_no_key_update().load(connection).await?;
    }
    let first_moment = case_when(
        tokens::revoked_at.is_null(),
        timestamptz(at).into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>(),
    )
    .otherwise(tokens::revoked_at);
    let revoked = diesel::update(tokens::table.find(id.as_uuid()))
        .set(tokens::revoked_at.eq(first_moment))
        .returning(TokenRow::as_returning())
        .get_result(connection)
        .await;
    let token = one(revoked)?.ok_or(Failure::Refused(ChangeTokenError::NotFound(id)))?;
    // A separate statement, because its snapshot must be taken after the lock: so it sees all tokens that the token
    // made.
    let with_it = match made {
        Made::Keep => 0,
        Made::Revoke => {
            let of_it = tokens::table.filter(tokens::made_by.eq(id.as_uuid()));
            diesel::update(of_it.filter(tokens::revoked_at.is_null()))
                .set(tokens::revoked_at.eq(timestamptz(at)))
                .execute(connection)
                .await?
        }
    };
    Ok(Revoked { token, made: with_it as u64 })
}

async fn update(
    connection: &mut AsyncPgConnection,
    UpdateToken { id, changes }: &UpdateToken,
) -> Result<Token, Failure<ChangeTokenError>> {
    let token = if changes.is_empty() {
        // An update that sets nothing would be no valid statement.
        find(connection, *id).await?
    } else {
        let name = changes.name.as_ref().map(|name| tokens::name.eq(name.as_str()));
        let expiry = changes.expiry.map(|expiry| tokens::expires_at.eq(expiry.moment().map(timestamptz)));
        let update = diesel::update(tokens::table.find(id.as_uuid())).set((name, expiry));
        one(update.returning(TokenRow::as_returning()).get_result(connection).await)?
    };
    token.ok_or(Failure::Refused(ChangeTokenError::NotFound(*id)))
}

async fn page(
    listing: Sql<'_, Varying<TokenColumns>>,
    connection: &mut AsyncPgConnection,
    size: PageSize,
) -> Result<Page<Token, TokenCursor>, Failure<BackendError>> {
    read::page(listing.load::<TokenRow>(connection).await, size)
}

/// The token, if it exists.
pub(in crate::postgres) async fn find<R: From<BackendError>>(
    connection: &mut AsyncPgConnection,
    id: TokenId,
) -> Result<Option<Token>, Failure<R>> {
    one(tokens::table.find(id.as_uuid()).select(TokenRow::as_select()).first(connection).await)
}
