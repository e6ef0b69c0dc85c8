//! The queues of a ledger: its writes, its jobs by id, its entries by id, and pages of a job's entries. Writes that
//! wait for a held job have another queue, in [`super::held`].

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};
use stint_domain::{BackendError, BackendErrorKind};

use super::held::{HeldJobs, PutOff};
use crate::grouping::{Group, GroupError, Workers};
use crate::ledger::{Attempted, LedgerStore, PageOfJob, TimeEntryPage, Write, Written};

/// Writes of entries. Writes that need a held job are put off and come back.
pub(super) struct Writes<S> {
    pub(super) store: Arc<S>,
    pub(super) held: Arc<HeldJobs>,
}

impl<S: LedgerStore> Writes<S> {
    /// Carries out the writes, except those that need a job in `held` or another job that turns out to be held.
    pub(super) async fn carry_out_past(
        &self,
        held: &HashSet<JobId>,
        writes: &[Write],
    ) -> Result<Vec<Result<Written, Box<PutOff>>>, GroupError> {
        let attempted = self.store.write(writes, held).await?;
        if attempted.len() != writes.len() {
            let message = format!("{} outcomes for {} writes", attempted.len(), writes.len());
            return Err(GroupError::Unknown(BackendError::new(S::BACKEND, BackendErrorKind::Internal, message)));
        }
        let outcome = |(attempted, write): (Attempted, &Write)| match attempted {
            Attempted::Done(written) => Ok(written),
            Attempted::Held(job) => Err(PutOff::new(job, write.clone(), &self.held)),
        };
        Ok(attempted.into_iter().zip(writes).map(outcome).collect())
    }
}

impl<S: LedgerStore> Group for Writes<S> {
    type Command = Write;
    type Outcome = Result<Written, Box<PutOff>>;

    const BACKEND: &'static str = S::BACKEND;
    const WORKERS: Workers = S::WRITERS;

    fn weight(write: &Write) -> usize {
        write.weight()
    }

    async fn carry_out(&self, writes: &[Write]) -> Result<Vec<Result<Written, Box<PutOff>>>, GroupError> {
        self.carry_out_past(&self.held.now(), writes).await
    }
}

/// Look-ups of jobs by id.
pub(super) struct Jobs<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Jobs<S> {
    type Command = JobId;
    type Outcome = Option<Job>;

    const BACKEND: &'static str = S::BACKEND;
    const WORKERS: Workers = S::READERS;

    async fn carry_out(&self, ids: &[JobId]) -> Result<Vec<Option<Job>>, GroupError> {
        let wanted = Wanted::of(ids);
        let jobs = self.0.find_jobs(&wanted.keys).await;
        wanted.answers(ids, jobs.map(|jobs| jobs.into_iter().map(|job| (job.id, job)).collect()))
    }
}

/// Look-ups of entries by id.
pub(super) struct Entries<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Entries<S> {
    type Command = TimeEntryId;
    type Outcome = Option<TimeEntry>;

    const BACKEND: &'static str = S::BACKEND;
    const WORKERS: Workers = S::READERS;

    async fn carry_out(&self, ids: &[TimeEntryId]) -> Result<Vec<Option<TimeEntry>>, GroupError> {
        let wanted = Wanted::of(ids);
        let entries = self.0.find_entries(&wanted.keys).await;
        wanted.answers(ids, entries.map(|entries| entries.into_iter().map(|entry| (entry.id, entry)).collect()))
    }
}

/// Pages of a job's entries.
pub(super) struct Pages<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Pages<S> {
    type Command = PageOfJob;
    type Outcome = Option<TimeEntryPage>;

    const BACKEND: &'static str = S::BACKEND;
    const WORKERS: Workers = S::READERS;

    fn weight(page: &PageOfJob) -> usize {
        page.weight()
    }

    fn room(_page: &PageOfJob) -> usize {
        1
    }

    async fn carry_out(&self, pages: &[PageOfJob]) -> Result<Vec<Option<TimeEntryPage>>, GroupError> {
        let wanted = Wanted::of(pages);
        let found = self.0.find_pages(&wanted.keys).await.map(|found| wanted.keys.iter().copied().zip(found).collect());
        wanted.answers(pages, found)
    }
}

/// The keys of a group, each once, even when many callers ask for it.
struct Wanted<K> {
    keys: Vec<K>,
    callers: HashMap<K, usize>,
}

impl<K: Copy + Eq + Hash> Wanted<K> {
    fn of(asked: &[K]) -> Self {
        let mut callers = HashMap::with_capacity(asked.len());
        for key in asked {
            *callers.entry(*key).or_default() += 1;
        }
        Self { keys: callers.keys().copied().collect(), callers }
    }

    /// What was found for each caller, in the order of `asked`.
    fn answers<T: Clone>(
        mut self,
        asked: &[K],
        found: Result<HashMap<K, T>, BackendError>,
    ) -> Result<Vec<Option<T>>, GroupError> {
        // A read can always be repeated.
        let mut found = found.map_err(GroupError::Undone)?;
        // The last caller of a key gets the value itself and the others get copies. Most often there is one caller.
        let take = |key: &K| match self.callers.get_mut(key) {
            Some(left @ 2..) => {
                *left -= 1;
                found.get(key).cloned()
            }
            _ => found.remove(key),
        };
        Ok(asked.iter().map(take).collect())
    }
}
