//! Rows of timers: for reading and for writing.

use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::ledger::WorkSummary;
use stint_domain::timers::Timer;
use stint_domain::values::{JobId, PersonId, TimerId};

use crate::sqlite::rows::{row, timestamp, uuid, version};
use crate::sqlite::schema::timers;
use crate::timers::{Ended, StoredTimer};

/// A row of `timers`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = timers)]
pub(super) struct TimerRow {
    id: Vec<u8>,
    person_id: Vec<u8>,
    related_job: Vec<u8>,
    work_summary: String,
    started_at: i64,
    version: i64,
    minutes: Option<i64>,
    entries: Option<i64>,
}

impl TryFrom<TimerRow> for StoredTimer {
    type Error = BackendError;

    fn try_from(stored: TimerRow) -> Result<Self, BackendError> {
        let row = row("timers", &stored.id);
        // The error shows only the length: the text does not belong in a log.
        let length = format!("a text of {} bytes", stored.work_summary.len());
        let ended = match (stored.minutes, stored.entries) {
            (Some(minutes), Some(entries)) => Some(Ended {
                minutes: row.column("minutes", minutes, |minutes| u32::try_from(*minutes))?,
                entries: row.column("entries", entries, |entries| usize::try_from(*entries))?,
            }),
            _ => None,
        };
        let timer = Timer {
            id: TimerId::new(uuid(&row, "id", &stored.id)?),
            person: PersonId::new(uuid(&row, "person_id", &stored.person_id)?),
            related_job: JobId::new(uuid(&row, "related_job", &stored.related_job)?),
            work_summary: row.column("work_summary", length, |_| WorkSummary::stored(&stored.work_summary))?,
            started_at: timestamp(&row, "started_at", stored.started_at)?,
            version: version(&row, stored.version)?,
        };
        Ok(Self { timer, ended })
    }
}

/// The columns of a running timer.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = timers)]
pub(super) struct TimerColumns<'a> {
    pub(super) id: [u8; 16],
    #[diesel(skip_update)]
    person_id: [u8; 16],
    related_job: [u8; 16],
    work_summary: &'a str,
    started_at: i64,
    version: i64,
}

impl<'a> From<&'a Timer> for TimerColumns<'a> {
    fn from(timer: &'a Timer) -> Self {
        Self {
            id: timer.id.as_uuid().into_bytes(),
            person_id: timer.person.as_uuid().into_bytes(),
            related_job: timer.related_job.as_uuid().into_bytes(),
            work_summary: timer.work_summary.as_str(),
            started_at: timer.started_at.as_micros(),
            version: timer.version.get(),
        }
    }
}
