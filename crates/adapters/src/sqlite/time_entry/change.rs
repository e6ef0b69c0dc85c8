//! The steps of which writes of entries are made: finding jobs that take time, and changing an entry and its jobs.

use std::error::Error;

use diesel::prelude::*;
use stint_domain::ports::time_entry::{
    DeleteTimeEntryError, NewTimeEntry, PutTimeEntryError, RecordRefusal, RecordTimeError, UpdateTimeEntryError,
};
use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::values::{JobId, Minutes, Timestamp, TotalMinutesError};
use stint_domain::{Job, JobStatus, TimeEntry};

use crate::sqlite::columns::TimeEntryColumns;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::job;
use crate::sqlite::schema::time_entries;
use crate::sqlite::update_row::UpdateRow;

/// Why a job takes no time and no edits; each write has its own refusals for it.
pub(super) enum Closed {
    NotFound(JobId),
    Archived(JobId),
    Backend(BackendError),
}

impl From<BackendError> for Closed {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

/// The jobs of an entry that is changed.
pub(super) enum Jobs {
    /// It stays with its job.
    Same(Job),
    /// It moves.
    Move { from: Job, to: Job },
}

/// The job, when it takes time and edits.
pub(super) fn open_job(connection: &mut SqliteConnection, id: JobId) -> Result<Job, Closed> {
    match job::load(connection, id)? {
        None => Err(Closed::NotFound(id)),
        Some(job) if job.status == JobStatus::Archived => Err(Closed::Archived(id)),
        Some(job) => Ok(job),
    }
}

/// The jobs of an entry that becomes another, when they take edits. Of two refusals, a job that is not there comes
/// first, then the entry's own.
pub(super) fn open_jobs(
    connection: &mut SqliteConnection,
    stored: &TimeEntry,
    wanted: &TimeEntry,
) -> Result<Jobs, Closed> {
    if stored.related_job == wanted.related_job {
        return open_job(connection, stored.related_job).map(Jobs::Same);
    }
    match open_job(connection, wanted.related_job) {
        Err(Closed::NotFound(id)) => Err(Closed::NotFound(id)),
        to => Ok(Jobs::Move { from: open_job(connection, stored.related_job)?, to: to? }),
    }
}

/// Stores a new entry of `job`.
pub(super) fn insert(
    connection: &mut SqliteConnection,
    entry: NewTimeEntry,
    job: Job,
    at: Timestamp,
) -> Result<TimeEntry, BackendError> {
    let entry = entry.stored(at);
    insert_row(connection, &entry)?;
    job::save(connection, with(job, entry.minutes_worked)?, at)?;
    Ok(entry)
}

/// Stores a new entry, without its job's total.
pub(super) fn insert_row(connection: &mut SqliteConnection, entry: &TimeEntry) -> Result<(), BackendError> {
    let columns = TimeEntryColumns::from(entry);
    diesel::insert_into(time_entries::table).values(columns).execute(connection).map(drop).map_err(classify)
}

/// Makes `stored` what is `wanted`, as its next version.
pub(super) fn replace(
    connection: &mut SqliteConnection,
    stored: &TimeEntry,
    wanted: TimeEntry,
    jobs: Jobs,
    at: Timestamp,
) -> Result<TimeEntry, BackendError> {
    let entry = TimeEntry { version: stored.version.next(), updated_at: at, ..wanted };
    let columns = TimeEntryColumns::from(&entry);
    UpdateRow::new("time_entries", columns.id, &columns).execute(connection).map_err(classify)?;
    match jobs {
        Jobs::Same(job) => {
            job::save(connection, with(without(job, stored.minutes_worked)?, entry.minutes_worked)?, at)?;
        }
        Jobs::Move { from, to } => {
            job::save(connection, without(from, stored.minutes_worked)?, at)?;
            job::save(connection, with(to, entry.minutes_worked)?, at)?;
        }
    }
    Ok(entry)
}

/// Deletes an entry of `job`.
pub(super) fn delete(
    connection: &mut SqliteConnection,
    stored: &TimeEntry,
    job: Job,
    at: Timestamp,
) -> Result<(), BackendError> {
    diesel::delete(time_entries::table.find(stored.id.as_uuid().into_bytes())).execute(connection).map_err(classify)?;
    job::save(connection, without(job, stored.minutes_worked)?, at)?;
    Ok(())
}

/// The job with one more entry's minutes.
pub(super) fn with(job: Job, minutes: Minutes) -> Result<Job, BackendError> {
    let total_minutes = job.total_minutes.plus(minutes).map_err(out_of_range)?;
    Ok(Job { total_minutes, ..job })
}

fn without(job: Job, minutes: Minutes) -> Result<Job, BackendError> {
    let total_minutes = job.total_minutes.minus(minutes).map_err(out_of_range)?;
    Ok(Job { total_minutes, ..job })
}

/// Out of reach with real entries, and a defect if not.
fn out_of_range(error: TotalMinutesError) -> BackendError {
    internal(error)
}

fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Internal, source)
}

impl Closed {
    /// The refusal of a new entry, unless it was none.
    pub(super) fn into_refusal(self) -> Result<RecordRefusal, BackendError> {
        match self {
            Self::NotFound(job) => Ok(RecordRefusal::JobNotFound(job)),
            Self::Archived(job) => Ok(RecordRefusal::JobArchived(job)),
            Self::Backend(error) => Err(error),
        }
    }
}

impl From<Closed> for RecordTimeError {
    fn from(closed: Closed) -> Self {
        closed.into_refusal().map_or_else(Self::Backend, Self::Refused)
    }
}

impl From<Closed> for PutTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
            Closed::Backend(error) => error.into(),
        }
    }
}

impl From<Closed> for UpdateTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
            Closed::Backend(error) => error.into(),
        }
    }
}

impl From<Closed> for DeleteTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            // The foreign key keeps an entry's job from being deleted.
            Closed::NotFound(job) => Self::Backend(internal(format!("the job {job} of an entry is not there"))),
            Closed::Archived(job) => Self::JobArchived(job),
            Closed::Backend(error) => error.into(),
        }
    }
}
