//! Rows of jobs and time entries.

use diesel::data_types::{PgDate, PgTimestamp};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::ledger::{Job, JobName, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{JobId, Subject, TimeEntryId};
use uuid::Uuid;

use crate::postgres::rows::{Place, date_stamp};
use crate::postgres::schema::{jobs, time_entries};

/// A row of `jobs`, without the folded name.
#[derive(Queryable, Selectable)]
#[diesel(table_name = jobs, check_for_backend(diesel::pg::Pg))]
pub(in crate::postgres) struct JobRow {
    id: Uuid,
    name: String,
    status: String,
    total_minutes: i64,
    version: i64,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The SQL types of a [`JobRow`].
pub(in crate::postgres) type JobColumns = SqlTypeOf<AsSelect<JobRow, diesel::pg::Pg>>;

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
pub(in crate::postgres) struct TimeEntryRow {
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
pub(in crate::postgres) type TimeEntryColumns = SqlTypeOf<AsSelect<TimeEntryRow, diesel::pg::Pg>>;

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
            // The error shows only the length: the text does not belong in a log.
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
