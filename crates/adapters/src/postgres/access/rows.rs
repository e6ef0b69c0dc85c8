//! Rows of tokens.

use diesel::data_types::PgTimestamp;
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::access::ports::token::KnownToken;
use stint_domain::access::{SecretHash, Standing, Token, TokenName};
use stint_domain::people::PersonStatus;
use stint_domain::values::{PersonId, Subject, TokenId};
use uuid::Uuid;

use crate::access::{read_kind, stored_kind};
use crate::capture::stored_rule::RuleColumns;
use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::schema::tokens;

/// A row of `tokens`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens, check_for_backend(diesel::pg::Pg))]
pub(in crate::postgres) struct TokenRow {
    id: Uuid,
    name: String,
    subject: String,
    scopes: String,
    secret_hash: Vec<u8>,
    created_at: PgTimestamp,
    expires_at: Option<PgTimestamp>,
    revoked_at: Option<PgTimestamp>,
    capture_target: Option<String>,
    capture_job: Option<Uuid>,
    capture_zone: Option<String>,
    capture_gap: Option<i32>,
    last_used_at: Option<PgTimestamp>,
    made_by: Option<Uuid>,
    kind: Option<String>,
    person_id: Option<Uuid>,
}

/// A token, and the role and status of its person.
#[derive(Queryable)]
pub(in crate::postgres) struct KnownTokenRow {
    token: TokenRow,
    standing: Option<(String, String)>,
}

/// The SQL types of a [`TokenRow`].
pub(in crate::postgres) type TokenColumns = SqlTypeOf<AsSelect<TokenRow, diesel::pg::Pg>>;

impl From<&Token> for TokenRow {
    fn from(token: &Token) -> Self {
        let rule = RuleColumns::from(token.capture.as_ref());
        Self {
            id: token.id.as_uuid(),
            name: token.name.as_str().to_owned(),
            subject: token.subject.as_str().to_owned(),
            scopes: token.scopes.to_string(),
            secret_hash: token.secret_hash.0.to_vec(),
            created_at: timestamptz(token.created_at),
            expires_at: token.expires_at.map(timestamptz),
            revoked_at: token.revoked_at.map(timestamptz),
            capture_target: rule.target.map(str::to_owned),
            capture_job: rule.job,
            capture_zone: rule.zone.map(str::to_owned),
            // At most the seconds of a day.
            capture_gap: rule.gap.and_then(|gap| gap.try_into().ok()),
            last_used_at: token.last_used_at.map(timestamptz),
            made_by: token.made_by.map(TokenId::as_uuid),
            kind: stored_kind(token.kind).map(str::to_owned),
            person_id: token.person.map(PersonId::as_uuid),
        }
    }
}

impl TryFrom<TokenRow> for Token {
    type Error = BackendError;

    fn try_from(row: TokenRow) -> Result<Self, BackendError> {
        let place = Place { table: "tokens", id: row.id };
        let hash = <[u8; 32]>::try_from(row.secret_hash.as_slice());
        let rule = RuleColumns {
            target: row.capture_target,
            job: row.capture_job,
            zone: row.capture_zone,
            gap: row.capture_gap.map(i64::from),
        };
        let rule = rule.read(|| place.row())?;
        Ok(Self {
            id: TokenId::new(row.id),
            name: place.column("name", &row.name, TokenName::stored(&row.name))?,
            kind: read_kind(row.kind, rule.is_some(), || place.row())?,
            subject: place.column("subject", &row.subject, Subject::stored(&row.subject))?,
            person: row.person_id.map(PersonId::new),
            scopes: place.column("scopes", &row.scopes, row.scopes.parse())?,
            // Not shown: no part of a secret's hash belongs in a log.
            secret_hash: SecretHash(place.column(
                "secret_hash",
                format_args!("{} bytes", row.secret_hash.len()),
                hash,
            )?),
            created_at: place.timestamp("created_at", row.created_at)?,
            expires_at: row.expires_at.map(|at| place.timestamp("expires_at", at)).transpose()?,
            revoked_at: row.revoked_at.map(|at| place.timestamp("revoked_at", at)).transpose()?,
            capture: rule,
            last_used_at: row.last_used_at.map(|at| place.timestamp("last_used_at", at)).transpose()?,
            made_by: row.made_by.map(TokenId::new),
        })
    }
}

impl TryFrom<KnownTokenRow> for KnownToken {
    type Error = BackendError;

    fn try_from(KnownTokenRow { token, standing }: KnownTokenRow) -> Result<Self, BackendError> {
        let of_token = Place { table: "tokens", id: token.id };
        let token = Token::try_from(token)?;
        let standing = match (token.person, standing) {
            (None, _) => None,
            (Some(person), None) => {
                return Err(of_token.row().corrupt("person_id", person, "is the id of no person"));
            }
            (Some(person), Some((role, status))) => {
                let place = Place { table: "people", id: person.as_uuid() };
                let status: PersonStatus = place.column("status", &status, status.parse())?;
                let role = place.column("role", &role, role.parse())?;
                Some(Standing { role, active: status == PersonStatus::Active })
            }
        };
        Ok(Self { token, standing })
    }
}
