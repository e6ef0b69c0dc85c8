//! Rows as SQLite holds them, and the domain's values as they come out of them.
//!
//! How rows are found is not here, and how they are written is in [`super::columns`].

use std::fmt::{self, Display};

use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::access::{SecretHash, Token};
use stint_domain::ledger::{Job, JobName, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp, TokenId, Version};
use uuid::Uuid;

use super::error::BACKEND;
use super::schema::{jobs, time_entries, tokens};
use crate::capture::stored_rule::RuleColumns;
use crate::stored_row::StoredRow;

/// A row of `jobs`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub(super) struct JobRow {
    id: Vec<u8>,
    name: String,
    status: String,
    total_minutes: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<JobRow> for Job {
    type Error = BackendError;

    fn try_from(stored: JobRow) -> Result<Self, BackendError> {
        let row = row("jobs", &stored.id);
        Ok(Self {
            id: JobId::new(uuid(&row, "id", &stored.id)?),
            name: row.column("name", stored.name, |name| JobName::stored(name))?,
            status: row.column("status", stored.status, |status| status.parse())?,
            total_minutes: row.column("total_minutes", stored.total_minutes, |total| TotalMinutes::new(*total))?,
            version: version(&row, stored.version)?,
            created_at: timestamp(&row, "created_at", stored.created_at)?,
            updated_at: timestamp(&row, "updated_at", stored.updated_at)?,
        })
    }
}

/// A row of `time_entries`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = time_entries)]
pub(super) struct TimeEntryRow {
    id: Vec<u8>,
    related_job: Vec<u8>,
    minutes_worked: i64,
    date_stamp: String,
    work_summary: String,
    created_by: String,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

impl TryFrom<TimeEntryRow> for TimeEntry {
    type Error = BackendError;

    fn try_from(stored: TimeEntryRow) -> Result<Self, BackendError> {
        let row = row("time_entries", &stored.id);
        Ok(Self {
            id: TimeEntryId::new(uuid(&row, "id", &stored.id)?),
            related_job: JobId::new(uuid(&row, "related_job", &stored.related_job)?),
            minutes_worked: row.column("minutes_worked", stored.minutes_worked, |minutes| Minutes::new(*minutes))?,
            date_stamp: row.column("date_stamp", stored.date_stamp, |date| date.parse())?,
            work_summary: row.column("work_summary", stored.work_summary, |text| WorkSummary::stored(text))?,
            created_by: row.column("created_by", stored.created_by, |subject| Subject::stored(subject))?,
            version: version(&row, stored.version)?,
            created_at: timestamp(&row, "created_at", stored.created_at)?,
            updated_at: timestamp(&row, "updated_at", stored.updated_at)?,
        })
    }
}

/// A row of `tokens`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = tokens)]
pub(super) struct TokenRow {
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
        let moment = |column, micros: Option<i64>| micros.map(|micros| timestamp(&row, column, micros)).transpose();
        Ok(Self {
            id: TokenId::new(uuid(&row, "id", &stored.id)?),
            name: row.column("name", stored.name, |name| Subject::stored(name))?,
            subject: row.column("subject", stored.subject, |subject| Subject::stored(subject))?,
            scopes: row.column("scopes", stored.scopes, |scopes| scopes.parse())?,
            secret_hash: SecretHash(bytes(&row, "secret_hash", &stored.secret_hash)?),
            created_at: timestamp(&row, "created_at", stored.created_at)?,
            expires_at: moment("expires_at", stored.expires_at)?,
            revoked_at: moment("revoked_at", stored.revoked_at)?,
            capture: rule.read(|| row.clone())?,
            last_used_at: moment("last_used_at", stored.last_used_at)?,
            made_by: stored.made_by.map(|id| uuid(&row, "made_by", &id).map(TokenId::new)).transpose()?,
        })
    }
}

/// A row of `table`, whose id is shown as a UUID when it is one.
pub(super) fn row(table: &'static str, id: &[u8]) -> StoredRow {
    let id = Uuid::from_slice(id).map_or_else(|_no_uuid| Hex(id).to_string(), |id| id.to_string());
    StoredRow { backend: BACKEND, table, id }
}

/// A column of a fixed number of bytes.
pub(super) fn bytes<const N: usize>(
    row: &StoredRow,
    column: &'static str,
    value: &[u8],
) -> Result<[u8; N], BackendError> {
    row.column(column, Hex(value), |Hex(value)| <[u8; N]>::try_from(*value))
}

pub(super) fn uuid(row: &StoredRow, column: &'static str, value: &[u8]) -> Result<Uuid, BackendError> {
    bytes(row, column, value).map(Uuid::from_bytes)
}

pub(super) fn version(row: &StoredRow, value: i64) -> Result<Version, BackendError> {
    row.column("version", value, |version| Version::new(*version))
}

pub(super) fn timestamp(row: &StoredRow, column: &'static str, micros: i64) -> Result<Timestamp, BackendError> {
    row.column(column, micros, |micros| Timestamp::from_micros(*micros))
}

/// Bytes as SQLite writes them: `x'00ff'`.
struct Hex<'a>(&'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x'")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("'")
    }
}
