//! Writes that wait for a job which somebody else holds: a queue of their own, so that nobody waits with them.
//!
//! A group of writes waits for locks for a moment only. A write whose job is held for longer is put off: it goes on
//! here, in the [lane](Group::lane) of that job, which is awaited alone, with nothing else locked. As long as a lane
//! has writes, those that need its job are put off without any waiting, so that they stay behind them.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::values::JobId;
use uuid::Uuid;

use super::groups::Writes;
use super::queue::{Group, GroupError, GroupLimits};
use super::store::LedgerStore;
use super::write::{Write, Written};

/// How many held jobs are awaited at the same time, each with a connection: two, because one of them may stay held.
const LANES: usize = 2;

/// The limits of the queue beside that of all `writes`.
pub(super) const fn limits(writes: GroupLimits) -> GroupLimits {
    GroupLimits { workers: LANES, spare_workers: 0, ..writes }
}

/// The jobs that writes wait for.
#[derive(Default)]
pub(super) struct HeldJobs {
    /// How many there are, to be read without the lock.
    count: AtomicUsize,
    /// Each with the number of its writes.
    writes: Mutex<HashMap<JobId, usize>>,
}

impl HeldJobs {
    /// Those of this moment.
    pub(super) fn now(&self) -> HashSet<JobId> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return HashSet::new();
        }
        self.change(|writes| writes.keys().copied().collect())
    }

    /// Nobody holds the job any longer: new writes need not line up behind those that waited.
    fn let_go(&self, job: JobId) {
        self.change(|writes| writes.remove(&job));
    }

    fn change<T>(&self, change: impl FnOnce(&mut HashMap<JobId, usize>) -> T) -> T {
        let mut writes = self.writes.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut writes);
        self.count.store(writes.len(), Ordering::Relaxed);
        changed
    }
}

/// A write that was put off.
pub(super) struct Held {
    job: JobId,
    write: Write,
    /// Since when its caller has waited.
    pub(super) since: Instant,
    /// It counts for as long as it is somewhere.
    jobs: Arc<HeldJobs>,
}

impl Held {
    pub(super) fn put_off(job: JobId, write: Write, jobs: &Arc<HeldJobs>) -> Box<Self> {
        jobs.change(|writes| *writes.entry(job).or_default() += 1);
        Box::new(Self { job, write, since: Instant::now(), jobs: Arc::clone(jobs) })
    }

    /// What a caller is told whose patience is over.
    pub(super) fn too_long(&self, backend: &'static str) -> BackendError {
        too_long(backend, self.job)
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.jobs.change(|writes| {
            let count = writes.entry(self.job).or_default();
            *count = count.saturating_sub(1);
            if *count == 0 {
                writes.remove(&self.job);
            }
        });
    }
}

/// What is told about a write whose job was held for too long: nothing was done.
pub(super) fn too_long(backend: &'static str, job: JobId) -> BackendError {
    BackendError::new(backend, BackendErrorKind::Timeout, format!("somebody else holds the job {job} for too long"))
}

/// Writes that were put off.
pub(super) struct HeldWrites<S> {
    pub(super) writes: Writes<S>,
    pub(super) patience: Duration,
}

impl<S: LedgerStore> Group for HeldWrites<S> {
    type Command = Box<Held>;
    type Outcome = Result<Written, Box<Held>>;

    const BACKEND: &'static str = S::BACKEND;

    fn weight(held: &Box<Held>) -> usize {
        held.write.weight()
    }

    fn room(held: &Box<Held>) -> usize {
        held.write.weight()
    }

    fn lane(held: &Box<Held>) -> Option<Uuid> {
        Some(held.job.as_uuid())
    }

    fn carry_out(&self, held: &[Box<Held>]) -> Result<Vec<Result<Written, Box<Held>>>, GroupError> {
        let writes: Vec<Write> = held.iter().map(|held| held.write.clone()).collect();
        if let Some(Held { job, since, .. }) = held.first().map(Box::as_ref) {
            // Others had to be awaited first, and more may come: whose patience is over does not wait once more.
            let wait = since.elapsed() < self.patience;
            if !self.writes.store.await_job(*job, wait).map_err(GroupError::Undone)? {
                let put_off = |write| Err(Held::put_off(*job, write, &self.writes.held));
                return Ok(writes.into_iter().map(put_off).collect());
            }
            self.writes.held.let_go(*job);
        }
        // Who needs one more job that is held finds that out by trying, so that it never goes round in circles.
        self.writes.carry_out_past(&HashSet::new(), &writes)
    }
}

#[cfg(test)]
mod tests;
