//! A ledger in maps, and what each write of time entries does to it: the port's rules, without a database.
//!
//! The memory backend is one such ledger behind a lock. An SQL backend reads the part of its ledger that a group of
//! writes concerns, lets the writes happen here, in order, and then stores the differences ([`group`]). So one place
//! decides, and a database only reads, stores, and keeps other transactions out in the meantime.
//!
//! Every write first looks for a reason to refuse and only then changes anything, so a refusal leaves no trace.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod auditing;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod group;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod listing;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod page;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod store;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod stored_outcome;
mod time_entry;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod write;

use std::collections::{BTreeMap, HashMap};

use stint_domain::ledger::ports::time_entry::{BatchOutcome, NewTimeEntry, RecordRefusal};
use stint_domain::ledger::{
    Applied, Fingerprint, Idempotency, IdempotencyKey, Job, JobStatus, Minutes, TimeEntry, TotalMinutes,
};
use stint_domain::values::{JobId, TimeEntryId, Timestamp, TokenId};
use stint_domain::{BackendError, BackendErrorKind};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::page::{PageOfJob, TimeEntryPage};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::store::LedgerStore;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) use self::write::{Attempted, Command, Write, Written, alone, outcome, too_long};

/// Jobs, entries and the outcomes of idempotent writes: all of them, or those that some writes concern.
#[derive(Clone)]
pub(crate) struct Ledger {
    /// The backend's name, for errors.
    backend: &'static str,
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) entries: BTreeMap<TimeEntryId, TimeEntry>,
    pub(crate) outcomes: HashMap<(TokenId, IdempotencyKey), (Fingerprint, Outcome)>,
}

/// The outcome of an idempotent write that succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Job(Job),
    TimeEntry(TimeEntry),
    Batch(BatchOutcome),
}

/// Why a job accepts no write of its entries.
enum Closed {
    NotFound(JobId),
    Archived(JobId),
}

/// The key was used for another request.
pub(crate) struct KeyReused;

/// What a write of an entry does to its job's total.
#[derive(Clone, Copy)]
enum Delta {
    Add(Minutes),
    Remove(Minutes),
}

impl Ledger {
    /// An empty ledger.
    pub(crate) fn new(backend: &'static str) -> Self {
        Self { backend, jobs: BTreeMap::new(), entries: BTreeMap::new(), outcomes: HashMap::new() }
    }

    /// The stored outcome of an earlier write with the same key, if there is one. `want` extracts the outcome if it
    /// is of the caller's kind; an outcome of another kind means another request, whatever its fingerprint.
    pub(crate) fn earlier<T>(
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

    /// Stores the outcome of a write that has a key.
    pub(crate) fn remember(&mut self, idempotency: Option<&Idempotency>, outcome: impl FnOnce() -> Outcome) {
        if let Some(Idempotency { token, key, fingerprint }) = idempotency {
            self.outcomes.insert((*token, key.clone()), (*fingerprint, outcome()));
        }
    }

    /// Fails unless the job exists and is open.
    fn open(&self, id: JobId) -> Result<(), Closed> {
        match self.jobs.get(&id) {
            None => Err(Closed::NotFound(id)),
            Some(job) if job.status == JobStatus::Archived => Err(Closed::Archived(id)),
            Some(_) => Ok(()),
        }
    }

    /// Fails when the entry must be refused. Returns the stored entry when this one is a repeat.
    fn admit(&self, entry: &NewTimeEntry) -> Result<Option<&TimeEntry>, RecordRefusal> {
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

    /// Updates a job because its entries changed: total, version and `updated_at` together. One write may bring
    /// several `deltas`, but it changes the job once. An error changes nothing.
    fn touch(&mut self, id: JobId, at: Timestamp, deltas: &[Delta]) -> Result<(), BackendError> {
        self.touch_all([(id, deltas)], at)
    }

    /// Like [`Self::touch`], for several jobs.
    fn touch_all<'a>(
        &mut self,
        jobs: impl IntoIterator<Item = (JobId, &'a [Delta])>,
        at: Timestamp,
    ) -> Result<(), BackendError> {
        let total = |(id, deltas)| Ok((id, self.total(id, deltas)?));
        let totals: Vec<_> = jobs.into_iter().map(total).collect::<Result<_, BackendError>>()?;
        for (id, total) in totals {
            if let Some(job) = self.jobs.get_mut(&id) {
                job.total_minutes = total;
                job.version = job.version.next();
                job.updated_at = job.updated_at.max(at);
            }
        }
        Ok(())
    }

    /// The job's total after these `deltas`. Real entries cannot take a total out of its bounds, so that would be a
    /// defect.
    fn total(&self, id: JobId, deltas: &[Delta]) -> Result<TotalMinutes, BackendError> {
        let Some(job) = self.jobs.get(&id) else {
            return Err(self.internal(format!("an entry's job {id} is not there")));
        };
        let total = deltas.iter().try_fold(job.total_minutes, |total: TotalMinutes, delta| match delta {
            Delta::Add(minutes) => total.plus(*minutes),
            Delta::Remove(minutes) => total.minus(*minutes),
        });
        total.map_err(|error| self.internal(error))
    }

    pub(crate) fn internal(&self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackendError {
        BackendError::new(self.backend, BackendErrorKind::Internal, source)
    }
}
