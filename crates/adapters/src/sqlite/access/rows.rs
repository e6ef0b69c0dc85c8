//! Rows of tokens: for reading and for writing.

use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::access::ports::token::KnownToken;
use stint_domain::access::{SecretHash, Standing, Token};
use stint_domain::people::PersonStatus;
use stint_domain::values::{PersonId, Subject, Timestamp, TokenId};

use crate::access::{read_kind, stored_kind};
use crate::capture::stored_rule::RuleColumns;
use crate::sqlite::rows::{bytes, row, timestamp, uuid};
use crate::sqlite::schema::tokens;

/// A row of `tokens`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub(in crate::sqlite) struct TokenRow {
    id: Vec<u8>,
    name: String,
    subject: String,
    scopes: String,
    secret_hash: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    capture_target: Option<String>,
    capture_job: Option<Vec<u8>>,
    capture_zone: Option<String>,
    capture_gap: Option<i64>,
    last_used_at: Option<i64>,
    made_by: Option<Vec<u8>>,
    kind: Option<String>,
    person_id: Option<Vec<u8>>,
}

/// A token, and the role and status of its person.
#[derive(Debug, Queryable)]
pub(in crate::sqlite) struct KnownTokenRow {
    token: TokenRow,
    standing: Option<(String, String)>,
}

impl TryFrom<TokenRow> for Token {
    type Error = BackendError;

    fn try_from(stored: TokenRow) -> Result<Self, BackendError> {
        let row = row("tokens", &stored.id);
        let rule = RuleColumns {
            target: stored.capture_target,
            job: stored.capture_job.map(|job| uuid(&row, "capture_job", &job)).transpose()?,
            zone: stored.capture_zone,
            gap: stored.capture_gap,
        };
        let rule = rule.read(|| row.clone())?;
        let moment = |column, micros: Option<i64>| micros.map(|micros| timestamp(&row, column, micros)).transpose();
        Ok(Self {
            id: TokenId::new(uuid(&row, "id", &stored.id)?),
            name: row.column("name", stored.name, |name| Subject::stored(name))?,
            kind: read_kind(stored.kind, rule.is_some(), || row.clone())?,
            subject: row.column("subject", stored.subject, |subject| Subject::stored(subject))?,
            person: stored.person_id.map(|id| uuid(&row, "person_id", &id).map(PersonId::new)).transpose()?,
            scopes: row.column("scopes", stored.scopes, |scopes| scopes.parse())?,
            secret_hash: SecretHash(bytes(&row, "secret_hash", &stored.secret_hash)?),
            created_at: timestamp(&row, "created_at", stored.created_at)?,
            expires_at: moment("expires_at", stored.expires_at)?,
            revoked_at: moment("revoked_at", stored.revoked_at)?,
            capture: rule,
            last_used_at: moment("last_used_at", stored.last_used_at)?,
            made_by: stored.made_by.map(|id| uuid(&row, "made_by", &id).map(TokenId::new)).transpose()?,
        })
    }
}

impl TryFrom<KnownTokenRow> for KnownToken {
    type Error = BackendError;

    fn try_from(KnownTokenRow { token, standing }: KnownTokenRow) -> Result<Self, BackendError> {
        let of_token = row("tokens", &token.id);
        let token = Token::try_from(token)?;
        let standing = match (token.person, standing) {
            (None, _) => None,
            (Some(person), None) => return Err(of_token.corrupt("person_id", person, "is the id of no person")),
            (Some(person), Some((role, status))) => {
                let row = row("people", person.as_uuid().as_bytes());
                let status: PersonStatus = row.column("status", status, |status| status.parse())?;
                let role = row.column("role", role, |role| role.parse())?;
                Some(Standing { role, active: status == PersonStatus::Active })
            }
        };
        Ok(Self { token, standing })
    }
}

/// The columns of `tokens`.
#[derive(Debug, Insertable)]
#[diesel(table_name = tokens)]
pub(in crate::sqlite) struct TokenColumns<'a> {
    id: [u8; 16],
    name: &'a str,
    subject: &'a str,
    scopes: String,
    secret_hash: [u8; 32],
    created_at: i64,
    expires_at: Option<i64>,
    revoked_at: Option<i64>,
    capture_target: Option<&'static str>,
    capture_job: Option<[u8; 16]>,
    capture_zone: Option<&'static str>,
    capture_gap: Option<i64>,
    last_used_at: Option<i64>,
    made_by: Option<[u8; 16]>,
    kind: Option<&'static str>,
    person_id: Option<[u8; 16]>,
}

impl<'a> From<&'a Token> for TokenColumns<'a> {
    fn from(token: &'a Token) -> Self {
        let rule = RuleColumns::from(token.capture.as_ref());
        Self {
            id: token.id.as_uuid().into_bytes(),
            name: token.name.as_str(),
            subject: token.subject.as_str(),
            scopes: token.scopes.to_string(),
            secret_hash: token.secret_hash.0,
            created_at: token.created_at.as_micros(),
            expires_at: token.expires_at.map(Timestamp::as_micros),
            revoked_at: token.revoked_at.map(Timestamp::as_micros),
            capture_target: rule.target,
            capture_job: rule.job.map(uuid::Uuid::into_bytes),
            capture_zone: rule.zone,
            capture_gap: rule.gap,
            last_used_at: token.last_used_at.map(Timestamp::as_micros),
            made_by: token.made_by.map(|id| id.as_uuid().into_bytes()),
            kind: stored_kind(token.kind),
            person_id: token.person.map(|id| id.as_uuid().into_bytes()),
        }
    }
}
