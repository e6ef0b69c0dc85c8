//! Rows of pings and of days.

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::{CapturedDay, LoggedPing, PingOutcome};
use stint_domain::ledger::{Minutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, PingId, TokenId};

use crate::capture::counting::{Day, Summary};
use crate::sqlite::rows::{row, timestamp, uuid, version};
use crate::sqlite::schema::{ping_days, pings};
use crate::sqlite::sql::Dialect;
use crate::stored_row::StoredRow;

/// A row of `pings`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = pings)]
pub(super) struct PingRow {
    id: Vec<u8>,
    token_id: Vec<u8>,
    related_job: Option<Vec<u8>>,
    at: i64,
    received_at: i64,
    minutes: Option<i64>,
    summary: Option<String>,
    day: String,
    status: String,
    reason: Option<String>,
    logged_at: i64,
}

/// The SQL types of a [`PingRow`].
pub(super) type PingSelection = SqlTypeOf<AsSelect<PingRow, Dialect>>;

impl TryFrom<PingRow> for LoggedPing {
    type Error = BackendError;

    fn try_from(stored: PingRow) -> Result<Self, BackendError> {
        let row = row("pings", &stored.id);
        let id = PingId::new(uuid(&row, "id", &stored.id)?);
        let token = TokenId::new(uuid(&row, "token_id", &stored.token_id)?);
        let job = stored.related_job.map(|job| uuid(&row, "related_job", &job).map(JobId::new)).transpose()?;
        let outcome = match (stored.status.as_str(), job, stored.reason) {
            ("logged", Some(_), None) if stored.minutes.is_some() => PingOutcome::Logged(id.into()),
            ("logged", Some(job), None) => {
                let date: DateStamp = row.column("day", stored.day, |day| day.parse())?;
                PingOutcome::Logged(CapturedDay { job, token, date }.entry_id())
            }
            ("ignored", _, Some(reason)) => {
                PingOutcome::Ignored(row.column("reason", reason, |reason| reason.parse())?)
            }
            ("retracted", _, None) => PingOutcome::Retracted,
            _ => return Err(row.corrupt("status", stored.status, "is no status that fits the row")),
        };
        let minutes = stored.minutes.map(|minutes| row.column("minutes", minutes, |minutes| Minutes::new(*minutes)));
        Ok(Self {
            id,
            token,
            related_job: job,
            at: timestamp(&row, "at", stored.at)?,
            received_at: timestamp(&row, "received_at", stored.received_at)?,
            minutes: minutes.transpose()?,
            summary: summary(&row, stored.summary)?,
            outcome,
            logged_at: timestamp(&row, "logged_at", stored.logged_at)?,
        })
    }
}

fn summary(row: &StoredRow, stored: Option<String>) -> Result<Option<WorkSummary>, BackendError> {
    stored.map(|text| row.column("summary", text, |text| WorkSummary::stored(text))).transpose()
}

/// A row of `ping_days`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = ping_days)]
pub(super) struct DayRow {
    micros: i64,
    summary: Option<String>,
    summary_at: Option<i64>,
    summary_ping: Option<Vec<u8>>,
    entry_version: Option<i64>,
    detached: bool,
}

impl DayRow {
    pub(super) fn read(self, day: CapturedDay) -> Result<Day, BackendError> {
        let row = row("ping_days", day.job.as_uuid().as_bytes());
        let summary = match (self.summary_at, self.summary_ping, summary(&row, self.summary)?) {
            (Some(at), Some(ping), Some(text)) => {
                let ping = PingId::new(uuid(&row, "summary_ping", &ping)?);
                Some(Summary { of: (timestamp(&row, "summary_at", at)?, ping), text })
            }
            _ => None,
        };
        let entry_version = self.entry_version.map(|stored| version(&row, stored)).transpose()?;
        Ok(Day { micros: self.micros, summary, entry_version, detached: self.detached })
    }
}
