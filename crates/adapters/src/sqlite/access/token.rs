//! Tokens.

mod listing;

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    CreateTokenError, ListCapturing, ListTokens, Made, RevokeToken, RevokeTokenError, Revoked, TokenCursor,
    UpdateToken, UpdateTokenError,
};
use stint_domain::access::{SecretHash, Token};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{BackendError, Page, PageSize};

use crate::sqlite::Sqlite;
use crate::sqlite::access::rows::TokenColumns;
use crate::sqlite::access::rows::TokenRow;
use crate::sqlite::error::classify;
use crate::sqlite::schema::tokens;

#[async_trait]
impl TokenRepository for Sqlite {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.write(move |connection| {
            if let Some(maker) = token.made_by {
                let usable = tokens::table
                    .find(maker.as_uuid().into_bytes())
                    .filter(tokens::revoked_at.is_null())
                    .count()
                    .get_result::<i64>(connection)
                    .map_err(classify)?;
                if usable == 0 {
                    return Err(CreateTokenError::MakerRevoked(maker));
                }
            }
            let columns = TokenColumns::from(&token);
            diesel::insert_into(tokens::table).values(columns).execute(connection).map_err(classify)?;
            Ok(())
        })
        .await
    }

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, RevokeTokenError> {
        let RevokeToken { id, at, made } = command;
        self.write(move |connection| {
            let one = tokens::table.find(id.as_uuid().into_bytes());
            let revoked_at = tokens::revoked_at.eq(at.as_micros());
            diesel::update(one.filter(tokens::revoked_at.is_null()))
                .set(revoked_at)
                .execute(connection)
                .map_err(classify)?;
            let token = load(connection, id)?.ok_or(RevokeTokenError::NotFound(id))?;
            let with_it = match made {
                Made::Keep => 0,
                Made::Revoke => {
                    let of_it = tokens::table.filter(tokens::made_by.eq(id.as_uuid().into_bytes()));
                    diesel::update(of_it.filter(tokens::revoked_at.is_null()))
                        .set(revoked_at)
                        .execute(connection)
                        .map_err(classify)?
                }
            };
            Ok(Revoked { token, made: with_it as u64 })
        })
        .await
    }

    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError> {
        self.write(move |connection| {
            let UpdateToken { id, changes } = command;
            if !changes.is_empty() {
                let name = changes.name.as_ref().map(|name| tokens::name.eq(name.as_str()));
                let expires_at = |moment: Option<Timestamp>| tokens::expires_at.eq(moment.map(Timestamp::as_micros));
                diesel::update(tokens::table.find(id.as_uuid().into_bytes()))
                    .set((name, changes.expiry.map(|expiry| expires_at(expiry.moment()))))
                    .execute(connection)
                    .map_err(classify)?;
            }
            load(connection, id)?.ok_or(UpdateTokenError::NotFound(id))
        })
        .await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.read(move |connection| {
            let row: Option<TokenRow> = tokens::table
                .filter(tokens::secret_hash.eq(hash.0))
                .select(TokenRow::as_select())
                .first(connection)
                .optional()
                .map_err(classify)?;
            row.map(Token::try_from).transpose()
        })
        .await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.read(move |connection| {
            let rows = listing::all(&query).load(connection).map_err(classify)?;
            page(rows, query.size)
        })
        .await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.read(move |connection| {
            let rows = listing::capturing(&query).load(connection).map_err(classify)?;
            page(rows, query.size)
        })
        .await
    }
}

fn page(rows: Vec<TokenRow>, size: PageSize) -> Result<Page<Token, TokenCursor>, BackendError> {
    let found = rows.into_iter().map(Token::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(found, size, |token| TokenCursor::from(token)))
}

/// The token, if it exists.
fn load(connection: &mut SqliteConnection, id: TokenId) -> Result<Option<Token>, BackendError> {
    let one = tokens::table.find(id.as_uuid().into_bytes());
    let row: Option<TokenRow> = one.select(TokenRow::as_select()).first(connection).optional().map_err(classify)?;
    row.map(Token::try_from).transpose()
}
