//! Tokens.

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::ports::token::RevokeTokenError;
use stint_domain::ports::{BackendError, TokenRepository};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{SecretHash, Token};

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
            let row: Option<TokenRow> =
                one.select(TokenRow::as_select()).first(connection).optional().map_err(classify)?;
            Ok(row.ok_or(RevokeTokenError::NotFound(id))?.try_into()?)
        })
        .await
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
}
