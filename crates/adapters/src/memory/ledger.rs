//! The maps behind the lock, and the few steps that writes of jobs and of entries share.

use std::collections::{BTreeMap, HashMap};

use stint_domain::ports::time_entry::{BatchOutcome, NewTimeEntry, RecordRefusal};
use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::values::{JobId, Minutes, TimeEntryId, Timestamp, TokenId, TotalMinutes, TotalMinutesError};
use stint_domain::{Applied, Fingerprint, Idempotency, IdempotencyKey, Job, JobStatus, TimeEntry};

use super::BACKEND;

/// Everything that writes of jobs and entries touch together.
#[derive(Default)]
pub(super) struct Ledger {
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) entries: BTreeMap<TimeEntryId, TimeEntry>,
    outcomes: HashMap<(TokenId, IdempotencyKey), (Fingerprint, Outcome)>,
}

/// What an idempotent write did.
#[derive(Clone)]
pub(super) enum Outcome {
    Job(Job),
    TimeEntry(TimeEntry),
    Batch(BatchOutcome),
}

/// A job that an entry is to be added to or taken from, but that refuses.
pub(super) enum Closed {
    NotFound(JobId),
    Archived(JobId),
}

/// The key was used for another request.
pub(super) struct KeyReused;

/// What a change of entries does to a job's total.
#[derive(Clone, Copy)]
pub(super) enum Change {
    Add(Minutes),
    Remove(Minutes),
}

impl Ledger {
    /// The stored outcome of an earlier write with the same key, if there is one. `want` takes it out when it is of
    /// the kind that the caller writes; another kind is another request, whatever its fingerprint.
    pub(super) fn earlier<T>(
        &self,
        idempotency: Option<&Idempotency>,
        want: impl FnOnce(Outcome) -> Option<T>,
    ) -> Result<Option<Applied<T>>, KeyReused> {
        let Some(idempotency) = idempotency else { return Ok(None) };
        match self.outcomes.get(&(idempotency.token, idempotency.key.clone())) {
            None => Ok(None),
            Some((fingerprint, outcome)) if *fingerprint == idempotency.fingerprint => {
                want(outcome.clone()).map(|outcome| Some(Applied::earlier(outcome))).ok_or(KeyReused)
            }
            Some(_) => Err(KeyReused),
        }
    }

    /// Remembers what a write did, when it has a key.
    pub(super) fn remember(&mut self, idempotency: Option<Idempotency>, outcome: impl FnOnce() -> Outcome) {
        if let Some(Idempotency { token, key, fingerprint }) = idempotency {
            self.outcomes.insert((token, key), (fingerprint, outcome()));
        }
    }

    /// Passes when the job is there and open.
    pub(super) fn open(&self, id: JobId) -> Result<(), Closed> {
        match self.jobs.get(&id) {
            None => Err(Closed::NotFound(id)),
            Some(job) if job.status == JobStatus::Archived => Err(Closed::Archived(id)),
            Some(_) => Ok(()),
        }
    }

    /// Passes when the entry can be stored; answers with what is stored already when it is a repeat.
    pub(super) fn admit(&self, entry: &NewTimeEntry) -> Result<Option<&TimeEntry>, RecordRefusal> {
        match self.entries.get(&entry.id) {
            Some(stored) if entry.is(stored) => Ok(Some(stored)),
            Some(_) => Err(RecordRefusal::IdTaken(entry.id)),
            None => match self.open(entry.related_job) {
                Ok(()) => Ok(None),
                Err(Closed::NotFound(id)) => Err(RecordRefusal::JobNotFound(id)),
                Err(Closed::Archived(id)) => Err(RecordRefusal::JobArchived(id)),
            },
        }
    }

    /// Changes a job because its entries change: total, version and moment at once. `changes` may be several, because
    /// one write is one change of the job. On an error nothing is changed.
    pub(super) fn touch(&mut self, id: JobId, at: Timestamp, changes: &[Change]) -> Result<(), BackendError> {
        let job = self.jobs.get_mut(&id).ok_or_else(|| internal(format!("an entry's job {id} is not there")))?;
        let total = changes.iter().try_fold(job.total_minutes, |total: TotalMinutes, change| match change {
            Change::Add(minutes) => total.plus(*minutes),
            Change::Remove(minutes) => total.minus(*minutes),
        });
        job.total_minutes = total.map_err(overflow)?;
        job.version = job.version.next();
        job.updated_at = at;
        Ok(())
    }
}

/// A total that left its range: out of reach with real entries, and a defect if not.
pub(super) fn overflow(error: TotalMinutesError) -> BackendError {
    internal(error)
}

fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Internal, source)
}
