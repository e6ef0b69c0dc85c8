//! Tokens.

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::ports::token::{ListCapturing, RevokeTokenError, TokenCursor, UpdateToken, UpdateTokenError};
use stint_domain::ports::{BackendError, TokenRepository};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{Page, SecretHash, Token};

use super::Sqlite;
use super::columns::TokenColumns;
use super::error::classify;
use super::rows::TokenRow;
use super::schema::tokens;

#[async_trait]
impl TokenRepository for Sqlite {
    async fn create(&self, token: Token) -> Result<(), BackendError> {
        self.write(move |connection| {
            let columns = TokenColumns::from(&token);
            diesel::insert_into(tokens::table).values(columns).execute(connection).map(drop).map_err(classify)
        })
        .await
    }

    async fn revoke(&self, id: TokenId, at: Timestamp) -> Result<Token, RevokeTokenError> {
        self.write(move |connection| {
            let one = tokens::table.find(id.as_uuid().into_bytes());
            let unrevoked = one.filter(tokens::revoked_at.is_null());
            diesel::update(unrevoked)
                .set(tokens::revoked_at.eq(at.as_micros()))
                .execute(connection)
                .map_err(classify)?;
            load(connection, id)?.ok_or(RevokeTokenError::NotFound(id))
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

    async fn list(&self) -> Result<Vec<Token>, BackendError> {
        self.read(|connection| {
            let rows: Vec<TokenRow> = tokens::table
                .order((tokens::created_at, tokens::id))
                .select(TokenRow::as_select())
                .load(connection)
                .map_err(classify)?;
            rows.into_iter().map(Token::try_from).collect()
        })
        .await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.read(move |connection| {
            let mut rows = tokens::table.filter(tokens::capture_target.is_not_null()).into_boxed();
            if let Some(job) = query.related_job {
                rows = rows.filter(tokens::capture_job.eq(job.as_uuid().into_bytes()));
            }
            if let Some(TokenCursor { created_at, id }) = query.after {
                let (created_at, id) = (created_at.as_micros(), id.as_uuid().into_bytes());
                let earlier = tokens::created_at.lt(created_at);
                rows = rows.filter(earlier.or(tokens::created_at.eq(created_at).and(tokens::id.lt(id))));
            }
            let rows: Vec<TokenRow> = rows
                .order((tokens::created_at.desc(), tokens::id.desc()))
                .limit(query.size.with_lookahead())
                .select(TokenRow::as_select())
                .load(connection)
                .map_err(classify)?;
            let found: Vec<Token> = rows.into_iter().map(Token::try_from).collect::<Result<_, _>>()?;
            Ok(Page::of(found, query.size, |token| TokenCursor::from(token)))
        })
        .await
    }
}

/// The token, if there is one.
fn load(connection: &mut SqliteConnection, id: TokenId) -> Result<Option<Token>, BackendError> {
    let one = tokens::table.find(id.as_uuid().into_bytes());
    let row: Option<TokenRow> = one.select(TokenRow::as_select()).first(connection).optional().map_err(classify)?;
    row.map(Token::try_from).transpose()
}
