//! Tokens in Postgres.

use async_trait::async_trait;
use diesel::dsl::{case_when, insert_into};
use diesel::prelude::*;
use stint_domain::ports::token::{ListCapturing, RevokeTokenError, TokenCursor, UpdateToken, UpdateTokenError};
use stint_domain::ports::{BackendError, TokenRepository};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{Page, SecretHash, Token};

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

    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError> {
        self.repeatably(move |connection| {
            let UpdateToken { id, changes } = &command;
            let one = tokens::table.find(id.as_uuid());
            let row: Option<TokenRow> = if changes.is_empty() {
                // An update that sets nothing is no statement.
                one.select(TokenRow::as_select()).first(connection).optional()?
            } else {
                let name = changes.name.as_ref().map(|name| tokens::name.eq(name.as_str()));
                let expiry = changes.expiry.map(|expiry| tokens::expires_at.eq(expiry.moment().map(timestamptz)));
                diesel::update(one)
                    .set((name, expiry))
                    .returning(TokenRow::as_returning())
                    .get_result(connection)
                    .optional()?
            };
            let row = row.ok_or(Failure::Refused(UpdateTokenError::NotFound(*id)))?;
            Token::try_from(row).map_err(Failure::refused)
        })
        .await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.reading(move |connection| {
            let row: Option<TokenRow> =
                tokens::table.find(id.as_uuid()).select(TokenRow::as_select()).first(connection).optional()?;
            row.map(Token::try_from).transpose().map_err(Failure::Refused)
        })
        .await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.reading(move |connection| {
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
        self.reading(|connection| {
            let rows: Vec<TokenRow> =
                tokens::table.order((tokens::created_at, tokens::id)).select(TokenRow::as_select()).load(connection)?;
            rows.into_iter().map(Token::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
        })
        .await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.reading(move |connection| {
            let mut rows = tokens::table.filter(tokens::capture_target.is_not_null()).into_boxed();
            if let Some(job) = query.related_job {
                rows = rows.filter(tokens::capture_job.eq(job.as_uuid()));
            }
            if let Some(TokenCursor { created_at, id }) = query.after {
                let (created_at, id) = (timestamptz(created_at), id.as_uuid());
                let earlier = tokens::created_at.lt(created_at);
                rows = rows.filter(earlier.or(tokens::created_at.eq(created_at).and(tokens::id.lt(id))));
            }
            let rows: Vec<TokenRow> = rows
                .order((tokens::created_at.desc(), tokens::id.desc()))
                .limit(query.size.with_lookahead())
                .select(TokenRow::as_select())
                .load(connection)?;
            let found: Vec<Token> =
                rows.into_iter().map(Token::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)?;
            Ok(Page::of(found, query.size, |token| TokenCursor::from(token)))
        })
        .await
    }
}
