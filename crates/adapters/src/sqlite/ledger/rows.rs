//! Rows of jobs and time entries for reading, and all their columns for inserts and updates.
//!
//! Updates leave out columns that never change, above all `created_at`: SQLite would write its index again.

use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::ledger::{Job, JobName, JobStatus, Minutes, TimeEntry, TotalMinutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};

use crate::sqlite::column::{Column, Place};
use crate::sqlite::schema::{jobs, time_entries};
use crate::sqlite::sql::Dialect;

/// A row of `jobs`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = jobs)]
pub(in crate::sqlite) struct JobRow {
    id: Column<JobId>,
    name: Column<JobName>,
    status: Column<JobStatus>,
    total_minutes: Column<TotalMinutes>,
    version: Column<Version>,
    created_at: Column<Timestamp>,
    updated_at: Column<Timestamp>,
}

/// The SQL types of a [`JobRow`].
pub(in crate::sqlite) type JobSelection = SqlTypeOf<AsSelect<JobRow, Dialect>>;

impl TryFrom<JobRow> for Job {
    type Error = BackendError;

    fn try_from(stored: JobRow) -> Result<Self, BackendError> {
        let row = Place::of("jobs", stored.id)?;
        Ok(Self {
            id: row.id,
            name: row.column("name", stored.name)?,
            status: row.column("status", stored.status)?,
            total_minutes: row.column("total_minutes", stored.total_minutes)?,
            version: row.column("version", stored.version)?,
            created_at: row.column("created_at", stored.created_at)?,
            updated_at: row.column("updated_at", stored.updated_at)?,
        })
    }
}

/// A row of `time_entries`.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = time_entries)]
pub(in crate::sqlite) struct TimeEntryRow {
    id: Column<TimeEntryId>,
    related_job: Column<JobId>,
    minutes_worked: Column<Minutes>,
    date_stamp: Column<DateStamp>,
    work_summary: Column<WorkSummary>,
    created_by: Column<Subject>,
    version: Column<Version>,
    created_at: Column<Timestamp>,
    updated_at: Column<Timestamp>,
}

/// The SQL types of a [`TimeEntryRow`].
pub(in crate::sqlite) type TimeEntrySelection = SqlTypeOf<AsSelect<TimeEntryRow, Dialect>>;

impl TryFrom<TimeEntryRow> for TimeEntry {
    type Error = BackendError;

    fn try_from(stored: TimeEntryRow) -> Result<Self, BackendError> {
        let row = Place::of("time_entries", stored.id)?;
        Ok(Self {
            id: row.id,
            related_job: row.column("related_job", stored.related_job)?,
            minutes_worked: row.column("minutes_worked", stored.minutes_worked)?,
            date_stamp: row.column("date_stamp", stored.date_stamp)?,
            work_summary: row.column("work_summary", stored.work_summary)?,
            created_by: row.column("created_by", stored.created_by)?,
            version: row.column("version", stored.version)?,
            created_at: row.column("created_at", stored.created_at)?,
            updated_at: row.column("updated_at", stored.updated_at)?,
        })
    }
}

/// The columns of `jobs`.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = jobs)]
pub(in crate::sqlite) struct JobColumns<'a> {
    pub(in crate::sqlite) id: [u8; 16],
    name: &'a str,
    name_folded: String,
    status: &'static str,
    total_minutes: i64,
    version: i64,
    #[diesel(skip_update)]
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a Job> for JobColumns<'a> {
    fn from(job: &'a Job) -> Self {
        Self {
            id: job.id.as_uuid().into_bytes(),
            name: job.name.as_str(),
            name_folded: job.name.folded(),
            status: job.status.as_str(),
            // At most 2^53 - 1.
            total_minutes: job.total_minutes.get().cast_signed(),
            version: job.version.get(),
            created_at: job.created_at.as_micros(),
            updated_at: job.updated_at.as_micros(),
        }
    }
}

/// The columns of `time_entries`.
#[derive(Debug, Insertable, AsChangeset)]
#[diesel(table_name = time_entries)]
pub(in crate::sqlite) struct TimeEntryColumns<'a> {
    pub(in crate::sqlite) id: [u8; 16],
    related_job: [u8; 16],
    minutes_worked: i64,
    date_stamp: String,
    work_summary: &'a str,
    #[diesel(skip_update)]
    created_by: &'a str,
    version: i64,
    #[diesel(skip_update)]
    created_at: i64,
    updated_at: i64,
}

impl<'a> From<&'a TimeEntry> for TimeEntryColumns<'a> {
    fn from(entry: &'a TimeEntry) -> Self {
        Self {
            id: entry.id.as_uuid().into_bytes(),
            related_job: entry.related_job.as_uuid().into_bytes(),
            minutes_worked: entry.minutes_worked.get().into(),
            date_stamp: entry.date_stamp.to_string(),
            work_summary: entry.work_summary.as_str(),
            created_by: entry.created_by.as_str(),
            version: entry.version.get(),
            created_at: entry.created_at.as_micros(),
            updated_at: entry.updated_at.as_micros(),
        }
    }
}
