//! Writes that wait for a held job, that is, one whose row another transaction has locked. They have a queue of their
//! own, so that other writes need not wait with them.
//!
//! A group of writes waits for locks for a moment only. A write whose job is held for longer is put off: it continues
//! here, in the [lane](crate::grouping::Group::lane) of that job, which waits for this job only and has nothing else
//! locked. Until the job is free, further writes that need it are put off without any wait, so that they stay behind
//! the earlier ones.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use stint_domain::BackendError;
use stint_domain::values::JobId;

use crate::grouping::GroupLimits;
use crate::ledger::{Write, too_long};

/// How many held jobs are waited for at the same time, each with a connection: two, because one of them may stay
/// held.
const LANES: usize = 2;

/// The limits of this queue, from those of the queue of all `writes`.
pub(super) const fn limits(writes: GroupLimits) -> GroupLimits {
    GroupLimits { workers: LANES, spare_workers: 0, ..writes }
}

/// The jobs that writes wait for.
#[derive(Default)]
pub(super) struct HeldJobs {
    /// How many jobs there are, readable without the lock.
    count: AtomicUsize,
    lines: Mutex<Lines>,
}

/// For each job, the line of writes that wait until it is free.
#[derive(Default)]
struct Lines {
    of: HashMap<JobId, Line>,
    /// How many lines there have been, to number them.
    opened: u64,
}

/// A line of writes. When a job is held again after it was free, it gets a new line.
struct Line {
    number: u64,
    writes: usize,
}

impl HeldJobs {
    /// The held jobs at this moment.
    pub(super) fn now(&self) -> HashSet<JobId> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return HashSet::new();
        }
        self.change(|lines| lines.of.keys().copied().collect())
    }

    /// The job is free: new writes need not line up behind those that waited.
    pub(super) fn let_go(&self, job: JobId) {
        self.change(|lines| lines.of.remove(&job));
    }

    /// Takes a place in the line of the job, and returns the line's number.
    fn line_up(&self, job: JobId) -> u64 {
        self.change(|lines| {
            lines.opened += 1;
            let line = lines.of.entry(job).or_insert(Line { number: lines.opened, writes: 0 });
            line.writes += 1;
            line.number
        })
    }

    /// Gives up a place in the line of the job. The line may have been closed since.
    fn leave(&self, job: JobId, number: u64) {
        self.change(|lines| {
            let Some(line) = lines.of.get_mut(&job).filter(|line| line.number == number) else { return };
            line.writes -= 1;
            if line.writes == 0 {
                lines.of.remove(&job);
            }
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Lines) -> T) -> T {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = change(&mut lines);
        self.count.store(lines.of.len(), Ordering::Relaxed);
        changed
    }
}

/// A write that was put off.
pub(super) struct PutOff {
    pub(super) job: JobId,
    pub(super) write: Write,
    /// When its caller began to wait.
    pub(super) since: Instant,
    /// The line that it stands in until it is dropped, and the line's number.
    jobs: Arc<HeldJobs>,
    line: u64,
}

impl PutOff {
    pub(super) fn new(job: JobId, write: Write, jobs: &Arc<HeldJobs>) -> Box<Self> {
        Box::new(Self { job, write, since: Instant::now(), jobs: Arc::clone(jobs), line: jobs.line_up(job) })
    }

    /// The caller's error when the write has waited for too long.
    pub(super) fn too_long(&self, backend: &'static str) -> BackendError {
        too_long(backend, self.job)
    }
}

impl Drop for PutOff {
    fn drop(&mut self) {
        self.jobs.leave(self.job, self.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_let_go_takes_none_of_the_next_ones_places() {
        let (jobs, held) = (HeldJobs::default(), JobId::new(uuid::Uuid::from_u128(2)));
        let old = jobs.line_up(held);
        jobs.let_go(held);
        let new = jobs.line_up(held);
        jobs.leave(held, old);
        assert_eq!(jobs.now(), HashSet::from([held]));
        jobs.leave(held, new);
        assert_eq!(jobs.now(), HashSet::new());
    }
}
