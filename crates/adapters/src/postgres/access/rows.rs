//! Rows of tokens.

use diesel::data_types::PgTimestamp;
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::access::{SecretHash, Token, TokenName};
use stint_domain::values::{Subject, TokenId};
use uuid::Uuid;

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
        Ok(Self {
            id: TokenId::new(row.id),
            name: place.column("name", &row.name, TokenName::stored(&row.name))?,
            subject: place.column("subject", &row.subject, Subject::stored(&row.subject))?,
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
            capture: rule.read(|| place.row())?,
            last_used_at: row.last_used_at.map(|at| place.timestamp("last_used_at", at)).transpose()?,
            made_by: row.made_by.map(TokenId::new),
        })
    }
}
