//! Tokens in Postgres.

use async_trait::async_trait;
use diesel::dsl::{case_when, insert_into};
use diesel::prelude::*;
use stint_domain::ports::token::RevokeTokenError;
use stint_domain::ports::{BackendError, TokenRepository};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{SecretHash, Token};

use super::Postgres;
use super::attempt::Failure;
use super::rows::{TokenRow, timestamptz};
use super::schema::tokens;

#[async_trait]
impl TokenRepository for Postgres {
    async fn create(&self, token: Token) -> Result<(), BackendError> {
        self.once(move |connection| {
            insert_into(tokens::table).values(TokenRow::from(&token)).execute(connection)?;
            Ok(())
        })
        .await
    }

    async fn revoke(&self, id: TokenId, at: Timestamp) -> Result<Token, RevokeTokenError> {
        self.repeatably(move |connection| {
            let first_moment = case_when(
                tokens::revoked_at.is_null(),
                timestamptz(at).into_sql::<diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>>(),
            )
            .otherwise(tokens::revoked_at);
            let revoked: Option<TokenRow> = diesel::update(tokens::table.find(id.as_uuid()))
                .set(tokens::revoked_at.eq(first_moment))
                .returning(TokenRow::as_returning())
                .get_result(connection)
                .optional()?;
            let row = revoked.ok_or(Failure::Refused(RevokeTokenError::NotFound(id)))?;
            Token::try_from(row).map_err(Failure::refused)
        })
        .await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.repeatably(move |connection| {
            let row: Option<TokenRow> = tokens::table
                .filter(tokens::secret_hash.eq(hash.0.as_slice()))
                .select(TokenRow::as_select())
                .first(connection)
                .optional()?;
            row.map(Token::try_from).transpose().map_err(Failure::Refused)
        })
        .await
    }

    async fn list(&self) -> Result<Vec<Token>, BackendError> {
        self.repeatably(|connection| {
            let rows: Vec<TokenRow> =
                tokens::table.order((tokens::created_at, tokens::id)).select(TokenRow::as_select()).load(connection)?;
            rows.into_iter().map(Token::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
        })
        .await
    }
}
