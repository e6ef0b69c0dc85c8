//! Rows of timers.

use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::ledger::WorkSummary;
use stint_domain::timers::Timer;
use stint_domain::values::{JobId, PersonId, TimerId};
use uuid::Uuid;

use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::schema::timers;
use crate::timers::{Ended, StoredTimer};

/// A row of `timers`. A running timer has neither minutes nor entries.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = timers, check_for_backend(diesel::pg::Pg), treat_none_as_null = true)]
pub(super) struct TimerRow {
    id: Uuid,
    #[diesel(skip_update)]
    person_id: Uuid,
    related_job: Uuid,
    work_summary: String,
    started_at: PgTimestamp,
    version: i64,
    minutes: Option<i32>,
    entries: Option<i32>,
}

impl From<&Timer> for TimerRow {
    fn from(timer: &Timer) -> Self {
        Self {
            id: timer.id.as_uuid(),
            person_id: timer.person.as_uuid(),
            related_job: timer.related_job.as_uuid(),
            work_summary: timer.work_summary.as_str().to_owned(),
            started_at: timestamptz(timer.started_at),
            version: timer.version.get(),
            minutes: None,
            entries: None,
        }
    }
}

impl TryFrom<TimerRow> for StoredTimer {
    type Error = BackendError;

    fn try_from(row: TimerRow) -> Result<Self, BackendError> {
        let place = Place { table: "timers", id: row.id };
        // The error shows only the length: the text does not belong in a log.
        let length = format_args!("a text of {} bytes", row.work_summary.len());
        let work_summary = place.column("work_summary", length, WorkSummary::stored(&row.work_summary))?;
        let ended = match (row.minutes, row.entries) {
            (Some(minutes), Some(entries)) => Some(Ended {
                minutes: place.column("minutes", minutes, u32::try_from(minutes))?,
                entries: place.column("entries", entries, usize::try_from(entries))?,
            }),
            _ => None,
        };
        let timer = Timer {
            id: TimerId::new(row.id),
            person: PersonId::new(row.person_id),
            related_job: JobId::new(row.related_job),
            work_summary,
            started_at: place.timestamp("started_at", row.started_at)?,
            version: place.version(row.version)?,
        };
        Ok(Self { timer, ended })
    }
}
