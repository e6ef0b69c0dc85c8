//! Rows as Postgres gives them, and as the domain knows them.
//!
//! The fields have the types that any stored value fits, so that a value that the domain refuses is found here, with
//! its place, and not in Diesel, which does not know the row.

use std::error::Error;
use std::fmt::Display;

use chrono::{Datelike, NaiveDate};
use diesel::data_types::{PgDate, PgTimestamp};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::access::{SecretHash, Token, TokenName};
use stint_domain::ledger::{Job, JobName, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{DateStamp, DateStampError, JobId, Subject, TimeEntryId, Timestamp, TokenId, Version};
use uuid::Uuid;

use super::error::BACKEND;
use super::schema::{jobs, time_entries, tokens};
use crate::capture::stored_rule::RuleColumns;
use crate::stored_row::StoredRow;

/// Microseconds from 1970-01-01 to 2000-01-01, where Postgres starts to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Days from 0001-01-01, which is chrono's first, to 2000-01-01, where Postgres starts to count.
const EPOCH_DAYS: i32 = 730_120;

/// A moment as Postgres stores it.
pub(super) fn timestamptz(moment: Timestamp) -> PgTimestamp {
    PgTimestamp(moment.as_micros() - EPOCH_MICROS)
}

/// A date as Postgres stores it.
pub(super) fn date(date: DateStamp) -> PgDate {
    PgDate(date.as_date().num_days_from_ce() - EPOCH_DAYS)
}

/// A date as the domain knows it.
pub(super) fn date_stamp(PgDate(days): PgDate) -> Result<DateStamp, DateStampError> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.saturating_add(EPOCH_DAYS)).ok_or(DateStampError)?;
    DateStamp::new(date)
}

/// Where a value stands. The place is only spelled out when something is wrong with it.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) id: Uuid,
}

impl Place {
    pub(super) fn column<T, E>(
        &self,
        column: &'static str,
        value: impl Display,
        parsed: Result<T, E>,
    ) -> Result<T, BackendError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        parsed.map_err(|error| self.row().corrupt(column, value, error))
    }

    pub(super) fn row(&self) -> StoredRow {
        StoredRow { backend: BACKEND, table: self.table, id: self.id.to_string() }
    }

    pub(super) fn timestamp(&self, column: &'static str, stored: PgTimestamp) -> Result<Timestamp, BackendError> {
        // `infinity` is the greatest number: it stays outside the years that a timestamp has.
        self.column(column, stored.0, Timestamp::from_micros(stored.0.saturating_add(EPOCH_MICROS)))
    }

    fn version(&self, stored: i64) -> Result<Version, BackendError> {
        self.column("version", stored, Version::new(stored))
    }
}

/// A row of `jobs`, without the folded name.
#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs, check_for_backend(diesel::pg::Pg))]
pub(super) struct JobRow {
    id: Uuid,
    name: String,
    status: String,
    total_minutes: i64,
    version: i64,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The SQL types of a [`JobRow`].
pub(super) type JobColumns = SqlTypeOf<AsSelect<JobRow, diesel::pg::Pg>>;

impl TryFrom<JobRow> for Job {
    type Error = BackendError;

    fn try_from(row: JobRow) -> Result<Self, BackendError> {
        let place = Place { table: "jobs", id: row.id };
        Ok(Self {
            id: JobId::new(row.id),
            name: place.column("name", &row.name, JobName::stored(&row.name))?,
            status: place.column("status", &row.status, row.status.parse())?,
            total_minutes: place.column("total_minutes", row.total_minutes, TotalMinutes::new(row.total_minutes))?,
            version: place.version(row.version)?,
            created_at: place.timestamp("created_at", row.created_at)?,
            updated_at: place.timestamp("updated_at", row.updated_at)?,
        })
    }
}

/// A row of `time_entries`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = time_entries, check_for_backend(diesel::pg::Pg))]
pub(super) struct TimeEntryRow {
    id: Uuid,
    related_job: Uuid,
    minutes_worked: i16,
    date_stamp: PgDate,
    work_summary: String,
    created_by: String,
    version: i64,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The SQL types of a [`TimeEntryRow`].
pub(super) type TimeEntryColumns = SqlTypeOf<AsSelect<TimeEntryRow, diesel::pg::Pg>>;

impl TryFrom<TimeEntryRow> for TimeEntry {
    type Error = BackendError;

    fn try_from(row: TimeEntryRow) -> Result<Self, BackendError> {
        let place = Place { table: "time_entries", id: row.id };
        Ok(Self {
            id: TimeEntryId::new(row.id),
            related_job: JobId::new(row.related_job),
            minutes_worked: place.column(
                "minutes_worked",
                row.minutes_worked,
                Minutes::new(row.minutes_worked.into()),
            )?,
            date_stamp: place.column("date_stamp", row.date_stamp.0, date_stamp(row.date_stamp))?,
            // It may hold what nobody wants in a log, so its length has to do.
            work_summary: place.column(
                "work_summary",
                format_args!("a text of {} bytes", row.work_summary.len()),
                WorkSummary::stored(&row.work_summary),
            )?,
            created_by: place.column("created_by", &row.created_by, Subject::stored(&row.created_by))?,
            version: place.version(row.version)?,
            created_at: place.timestamp("created_at", row.created_at)?,
            updated_at: place.timestamp("updated_at", row.updated_at)?,
        })
    }
}

/// A row of `tokens`.
#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = tokens, check_for_backend(diesel::pg::Pg))]
pub(super) struct TokenRow {
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
pub(super) type TokenColumns = SqlTypeOf<AsSelect<TokenRow, diesel::pg::Pg>>;

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
            // At most a day's seconds.
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
            // Part of a secret's hash has no place in a log either.
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
