//! Tokens.

use async_trait::async_trait;
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor, UpdateToken,
};
use stint_domain::access::{SecretHash, Token};
use stint_domain::values::{Timestamp, TokenId};
use stint_domain::{BackendError, Page, PageSize};

use crate::access::{all, capturing};
use crate::sql::Varying;
use crate::sqlite::Sqlite;
use crate::sqlite::access::rows::{TokenColumns, TokenRow};
use crate::sqlite::error::classify;
use crate::sqlite::rows::{self, one};
use crate::sqlite::schema::tokens;
use crate::sqlite::sql::{Dialect, Sql};

type Listing<'a> = Sql<'a, Varying<SqlTypeOf<AsSelect<TokenRow, Dialect>>>>;

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

    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError> {
        let RevokeToken { id, at, made } = command;
        self.write(move |connection| {
            let one = tokens::table.find(id.as_uuid().into_bytes());
            let revoked_at = tokens::revoked_at.eq(at.as_micros());
            diesel::update(one.filter(tokens::revoked_at.is_null()))
                .set(revoked_at)
                .execute(connection)
                .map_err(classify)?;
            let token = load(connection, id)?.ok_or(ChangeTokenError::NotFound(id))?;
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

    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError> {
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
            load(connection, id)?.ok_or(ChangeTokenError::NotFound(id))
        })
        .await
    }

    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError> {
        self.read(move |connection| {
            let token = tokens::table.filter(tokens::secret_hash.eq(hash.0));
            one(token.select(TokenRow::as_select()).first(connection))
        })
        .await
    }

    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.read(move |connection| page(all(&query), connection, query.size)).await
    }

    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError> {
        self.read(move |connection| page(capturing(&query), connection, query.size)).await
    }
}

fn page(
    listing: Listing<'_>,
    connection: &mut SqliteConnection,
    size: PageSize,
) -> Result<Page<Token, TokenCursor>, BackendError> {
    rows::page(listing.load::<TokenRow>(connection), size)
}

/// The token, if it exists.
pub(in crate::sqlite) fn load(connection: &mut SqliteConnection, id: TokenId) -> Result<Option<Token>, BackendError> {
    one(tokens::table.find(id.as_uuid().into_bytes()).select(TokenRow::as_select()).first(connection))
}

#[cfg(test)]
mod tests {
    use stint_domain::values::JobId;
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    fn plan(listing: &Listing<'_>) -> Vec<String> {
        query_plan(listing)
    }

    #[test]
    fn a_page_of_tokens_starts_at_its_place_in_the_index() {
        let place = TokenCursor { created_at: Timestamp::from_micros(0).unwrap(), id: TokenId::new(Uuid::nil()) };
        assert_eq!(plan(&all(&ListTokens::default())), ["SCAN tokens USING INDEX tokens_oldest_first"]);
        let next = plan(&all(&ListTokens { after: Some(place), ..ListTokens::default() }));
        assert_eq!(next, ["SEARCH tokens USING INDEX tokens_oldest_first ((created_at,id)>(?,?))"]);

        let next = plan(&capturing(&ListCapturing { after: Some(place), ..ListCapturing::default() }));
        assert_eq!(next, ["SEARCH tokens USING INDEX tokens_capturing ((created_at,id)<(?,?))"]);
        let job = Some(JobId::new(Uuid::nil()));
        let of_job = plan(&capturing(&ListCapturing { related_job: job, ..ListCapturing::default() }));
        assert_eq!(of_job, ["SEARCH tokens USING INDEX tokens_of_job (capture_job=?)"]);
    }
}
