//! Tokens.

use async_trait::async_trait;
use diesel::dsl::{AsSelect, SqlTypeOf, exists};
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::query_dsl::LoadQuery;
use diesel::select;
use stint_domain::access::ports::TokenRepository;
use stint_domain::access::ports::token::{
    ChangeTokenError, CreateTokenError, KnownToken, ListCapturing, ListTokens, Made, RevokeToken, Revoked, TokenCursor,
    TouchSession, UpdateToken,
};
use stint_domain::access::{SecretHash, Token, TokenKind};
use stint_domain::people::{Handle, Person, PersonStatus};
use stint_domain::values::{PersonId, Subject, Timestamp, TokenId};
use stint_domain::{BackendError, Page, PageSize};

use crate::access::{all, capturing};
use crate::sql::Varying;
use crate::sqlite::Sqlite;
use crate::sqlite::access::rows::{KnownTokenRow, TokenColumns, TokenRow};
use crate::sqlite::error::classify;
use crate::sqlite::rows::{self, one};
use crate::sqlite::schema::{people, tokens};
use crate::sqlite::sql::{Dialect, Sql};
use crate::stored_row;

type Listing<'a> = Sql<'a, Varying<SqlTypeOf<AsSelect<TokenRow, Dialect>>>>;

#[async_trait]
impl TokenRepository for Sqlite {
    async fn create(&self, token: Token) -> Result<(), CreateTokenError> {
        self.write(move |connection| {
            if let Some(maker) = token.made_by
                && !is_usable(connection, maker)?
            {
                return Err(CreateTokenError::MakerRevoked(maker));
            }
            match token.person {
                Some(person) if !is_active(connection, person)? => Err(CreateTokenError::PersonInactive(person)),
                None if is_handle(connection, &token)? => Err(CreateTokenError::SubjectIsPersons(token.subject)),
                _ => Ok(insert(connection, &token)?),
            }
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

    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError> {
        self.read(move |connection| one(by_hash(hash).get_result::<KnownTokenRow>(connection))).await
    }

    async fn touch(&self, TouchSession { id, at, expires_at }: TouchSession) -> Result<(), BackendError> {
        self.write(move |connection| {
            let session = tokens::table
                .find(id.as_uuid().into_bytes())
                .filter(tokens::kind.eq(TokenKind::Session.as_str()))
                .filter(tokens::revoked_at.is_null())
                .filter(tokens::last_used_at.is_null().or(tokens::last_used_at.le(at.as_micros())));
            diesel::update(session)
                .set((tokens::last_used_at.eq(at.as_micros()), tokens::expires_at.eq(expires_at.as_micros())))
                .execute(connection)
                .map(drop)
                .map_err(classify)
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

/// The token with this hash, and its person's role and status.
fn by_hash(
    hash: SecretHash,
) -> impl for<'q> LoadQuery<'q, SqliteConnection, KnownTokenRow> + RunQueryDsl<SqliteConnection> + QueryFragment<Dialect>
{
    tokens::table
        .left_join(people::table.on(tokens::person_id.eq(people::id.nullable())))
        .filter(tokens::secret_hash.eq(hash.0))
        .select((TokenRow::as_select(), (people::role, people::status).nullable()))
}

fn is_usable(connection: &mut SqliteConnection, maker: TokenId) -> Result<bool, BackendError> {
    let maker = tokens::table.find(maker.as_uuid().into_bytes()).filter(tokens::revoked_at.is_null());
    select(exists(maker)).get_result(connection).map_err(classify)
}

fn is_active(connection: &mut SqliteConnection, person: PersonId) -> Result<bool, BackendError> {
    let active = people::status.eq(PersonStatus::Active.as_str());
    let person = people::table.find(person.as_uuid().into_bytes()).filter(active);
    select(exists(person)).get_result(connection).map_err(classify)
}

/// Whether the token's subject is the handle of a person.
fn is_handle(connection: &mut SqliteConnection, token: &Token) -> Result<bool, BackendError> {
    let person = people::table.filter(people::handle_folded.eq(Handle::folded_subject(&token.subject)));
    select(exists(person)).get_result(connection).map_err(classify)
}

pub(in crate::sqlite) fn insert(connection: &mut SqliteConnection, token: &Token) -> Result<(), BackendError> {
    let columns = TokenColumns::from(token);
    diesel::insert_into(tokens::table).values(columns).execute(connection).map(drop).map_err(classify)
}

/// The token, if it exists.
pub(in crate::sqlite) fn load(connection: &mut SqliteConnection, id: TokenId) -> Result<Option<Token>, BackendError> {
    one(tokens::table.find(id.as_uuid().into_bytes()).select(TokenRow::as_select()).first(connection))
}

/// The tokens of nobody that have the subject and are not revoked, in the order of their ids.
pub(in crate::sqlite) fn in_use(
    connection: &mut SqliteConnection,
    subject: &Subject,
) -> Result<Vec<TokenId>, BackendError> {
    let found = tokens::table
        .filter(tokens::subject.eq(subject.as_str()))
        .filter(tokens::person_id.is_null())
        .filter(tokens::revoked_at.is_null())
        .order(tokens::id)
        .select(TokenRow::as_select());
    let found: Vec<Token> = stored_row::read(found.load::<TokenRow>(connection).map_err(classify)?)?;
    Ok(found.into_iter().map(|token| token.id).collect())
}

/// Gives the tokens of nobody that have the subject to a person.
pub(in crate::sqlite) fn give(
    connection: &mut SqliteConnection,
    subject: &Subject,
    person: &Person,
) -> Result<(), BackendError> {
    let of_nobody = tokens::table.filter(tokens::subject.eq(subject.as_str())).filter(tokens::person_id.is_null());
    let (handle, id) = (person.handle.as_str(), person.id.as_uuid().into_bytes().to_vec());
    diesel::update(of_nobody)
        .set((tokens::subject.eq(handle), tokens::person_id.eq(id)))
        .execute(connection)
        .map(drop)
        .map_err(classify)
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
        let subject = Some(Subject::new("ada").unwrap());
        let of_subject = plan(&capturing(&ListCapturing { subject, ..ListCapturing::default() }));
        assert_eq!(of_subject, ["SEARCH tokens USING INDEX tokens_capturing_for (subject=?)"]);
    }

    #[test]
    fn a_page_of_tokens_of_a_kind_or_a_person_reads_no_others() {
        let of = |kind, person| plan(&all(&ListTokens { kind, person, ..ListTokens::default() }));
        let person = Some(PersonId::new(Uuid::nil()));
        for (kind, index) in [
            (TokenKind::Api, "tokens_for_api"),
            (TokenKind::Capture, "tokens_capturing"),
            (TokenKind::Session, "tokens_of_kind"),
            (TokenKind::Invitation, "tokens_of_kind"),
        ] {
            assert_eq!(of(Some(kind), None), [format!("SCAN tokens USING INDEX {index}")]);
            assert_eq!(of(Some(kind), person), ["SEARCH tokens USING INDEX tokens_of_person (person_id=?)"], "{kind}");
        }
        assert_eq!(of(None, person), ["SEARCH tokens USING INDEX tokens_of_person (person_id=?)"]);
    }

    #[test]
    fn a_token_and_its_person_are_found_by_their_keys() {
        let found = query_plan(&by_hash(SecretHash([0; 32])));
        assert_eq!(
            found,
            [
                "SEARCH tokens USING INDEX sqlite_autoindex_tokens_2 (secret_hash=?)",
                "SEARCH people USING PRIMARY KEY (id=?) LEFT-JOIN",
            ]
        );
    }
}
