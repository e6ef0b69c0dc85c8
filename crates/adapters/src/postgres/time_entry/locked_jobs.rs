//! The jobs that a transaction has locked: whether they take time, and what the transaction adds to their totals.

use std::collections::BTreeMap;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Uuid as SqlUuid};
use stint_domain::JobStatus;
use stint_domain::ports::BackendError;
use stint_domain::ports::time_entry::{PutTimeEntryError, RecordRefusal, UpdateTimeEntryError};
use stint_domain::values::{JobId, TimeEntryId};
use uuid::Uuid;

use super::super::BACKEND;
use super::super::attempt::Failure;
use super::super::sql::Sql;
use super::statements::{LockJobs, LockJobsOfEntry};
use crate::stored_row::StoredRow;

/// The jobs that a transaction has locked, with their status.
pub(super) struct LockedJobs(BTreeMap<JobId, JobStatus>);

/// Why a job takes no time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Closed {
    NotFound(JobId),
    Archived(JobId),
}

impl LockedJobs {
    /// Locks those of `jobs` that exist.
    pub(super) fn lock<R: From<BackendError>>(
        connection: &mut PgConnection,
        jobs: impl IntoIterator<Item = JobId>,
    ) -> Result<Self, Failure<R>> {
        let mut ids: Vec<Uuid> = jobs.into_iter().map(JobId::as_uuid).collect();
        ids.sort_unstable();
        ids.dedup();
        let rows = Sql::<LockJobs>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
        Self::of(rows)
    }

    /// Locks the present job of an entry, if there is such an entry, and `other`.
    pub(super) fn lock_of_entry<R: From<BackendError>>(
        connection: &mut PgConnection,
        entry: TimeEntryId,
        other: Option<JobId>,
    ) -> Result<Self, Failure<R>> {
        let rows = Sql::<LockJobsOfEntry>::constant()
            .bind::<SqlUuid, _>(entry.as_uuid())
            .bind::<Nullable<SqlUuid>, _>(other.map(JobId::as_uuid))
            .load(connection)?;
        Self::of(rows)
    }

    fn of<R: From<BackendError>>(rows: Vec<(Uuid, String)>) -> Result<Self, Failure<R>> {
        let job = |(id, status): (Uuid, String)| match status.parse() {
            Ok(status) => Ok((JobId::new(id), status)),
            Err(error) => {
                let error: stint_domain::JobStatusError = error;
                let row = StoredRow { backend: BACKEND, table: "jobs", id: id.to_string() };
                Err(Failure::refused(row.corrupt("status", status, error)))
            }
        };
        rows.into_iter().map(job).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn contains(&self, job: JobId) -> bool {
        self.0.contains_key(&job)
    }

    /// Passes when the job takes time.
    pub(super) fn open(&self, job: JobId) -> Result<(), Closed> {
        match self.0.get(&job) {
            None => Err(Closed::NotFound(job)),
            Some(JobStatus::Archived) => Err(Closed::Archived(job)),
            Some(JobStatus::Open) => Ok(()),
        }
    }

    /// Passes when an entry may move from one job to another, or stay. A target that is not there comes first.
    pub(super) fn both_open(&self, from: JobId, to: JobId) -> Result<(), Closed> {
        match self.open(to) {
            Err(Closed::NotFound(job)) => Err(Closed::NotFound(job)),
            to => self.open(from).and(to),
        }
    }
}

impl From<Closed> for RecordRefusal {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}

impl From<Closed> for PutTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}

impl From<Closed> for UpdateTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}

/// What a transaction adds to the totals of jobs, each job once.
#[derive(Default)]
pub(super) struct Counts(BTreeMap<JobId, i64>);

impl Counts {
    pub(super) fn add(&mut self, job: JobId, minutes: i64) {
        *self.0.entry(job).or_default() += minutes;
    }

    /// The jobs, and the minutes of each.
    pub(super) fn columns(&self) -> (Vec<Uuid>, Vec<i64>) {
        self.0.iter().map(|(job, minutes)| (job.as_uuid(), *minutes)).unzip()
    }

    /// Passes when every job was counted, which it was if it is locked.
    pub(super) fn check<R>(&self, counted: usize) -> Result<(), Failure<R>> {
        if counted == self.0.len() { Ok(()) } else { Err(Failure::Overtaken) }
    }
}
