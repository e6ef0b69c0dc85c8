//! Rows of pings and of days.

use diesel::data_types::{PgDate, PgTimestamp};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::{CapturedDay, LoggedPing, PingOutcome};
use stint_domain::ledger::{Minutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, PingId, TokenId, Version};
use uuid::Uuid;

use crate::capture::counting::{Day, Summary};
use crate::postgres::rows::{Place, date_stamp};
use crate::postgres::schema::{ping_days, pings};

/// A row of `pings`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = pings, check_for_backend(diesel::pg::Pg))]
pub(super) struct PingRow {
    id: Uuid,
    token_id: Uuid,
    related_job: Option<Uuid>,
    at: PgTimestamp,
    received_at: PgTimestamp,
    minutes: Option<i16>,
    summary: Option<String>,
    day: PgDate,
    status: String,
    reason: Option<String>,
    logged_at: PgTimestamp,
}

/// The SQL types of a [`PingRow`].
pub(super) type PingColumns = SqlTypeOf<AsSelect<PingRow, diesel::pg::Pg>>;

impl TryFrom<PingRow> for LoggedPing {
    type Error = BackendError;

    fn try_from(row: PingRow) -> Result<Self, BackendError> {
        let place = Place { table: "pings", id: row.id };
        let (id, token, related_job) =
            (PingId::new(row.id), TokenId::new(row.token_id), row.related_job.map(JobId::new));
        let outcome = match (row.status.as_str(), related_job, row.reason) {
            ("logged", Some(_), None) if row.minutes.is_some() => PingOutcome::Logged(id.into()),
            ("logged", Some(job), None) => {
                let day = CapturedDay { job, token, date: day_stamp(&place, row.day)? };
                PingOutcome::Logged(day.entry_id())
            }
            ("ignored", _, Some(reason)) => PingOutcome::Ignored(place.column("reason", &reason, reason.parse())?),
            ("retracted", _, None) => PingOutcome::Retracted,
            _ => return Err(place.row().corrupt("status", row.status, "is no status that fits the row")),
        };
        let minutes = row.minutes.map(|minutes| place.column("minutes", minutes, Minutes::new(minutes.into())));
        Ok(Self {
            id,
            token,
            related_job,
            at: place.timestamp("at", row.at)?,
            received_at: place.timestamp("received_at", row.received_at)?,
            minutes: minutes.transpose()?,
            summary: summary(&place, row.summary)?,
            outcome,
            logged_at: place.timestamp("logged_at", row.logged_at)?,
        })
    }
}

fn summary(place: &Place, stored: Option<String>) -> Result<Option<WorkSummary>, BackendError> {
    // The error shows only the length: the text does not belong in a log.
    let parse = |text: String| {
        place.column("summary", format_args!("a text of {} bytes", text.len()), WorkSummary::stored(&text))
    };
    stored.map(parse).transpose()
}

fn day_stamp(place: &Place, PgDate(days): PgDate) -> Result<DateStamp, BackendError> {
    place.column("day", days, date_stamp(PgDate(days)))
}

/// A row of `ping_days`.
#[derive(Queryable, Selectable)]
#[diesel(table_name = ping_days, check_for_backend(diesel::pg::Pg))]
pub(super) struct DayRow {
    related_job: Uuid,
    token_id: Uuid,
    day: PgDate,
    micros: i64,
    summary: Option<String>,
    summary_at: Option<PgTimestamp>,
    summary_ping: Option<Uuid>,
    entry_version: Option<i64>,
    detached: bool,
}

/// The SQL types of a [`DayRow`].
pub(super) type DayColumns = SqlTypeOf<AsSelect<DayRow, diesel::pg::Pg>>;

impl DayRow {
    pub(super) fn read(self) -> Result<(CapturedDay, Day), BackendError> {
        let place = Place { table: "ping_days", id: self.related_job };
        let (job, token) = (JobId::new(self.related_job), TokenId::new(self.token_id));
        let of = (self.summary_at, self.summary_ping, summary(&place, self.summary)?);
        let summary = match of {
            (Some(at), Some(ping), Some(text)) => {
                Some(Summary { of: (place.timestamp("summary_at", at)?, PingId::new(ping)), text })
            }
            _ => None,
        };
        let version = |stored: i64| place.column("entry_version", stored, Version::new(stored));
        let entry_version = self.entry_version.map(version).transpose()?;
        let day = Day { micros: self.micros, summary, entry_version, detached: self.detached };
        Ok((CapturedDay { job, token, date: day_stamp(&place, self.day)? }, day))
    }
}
