//! The queues of a ledger: its writes, its jobs by id, its entries by id, and pages of a job's entries. Writes that
//! wait for a held job have another queue, in [`super::held`].

use std::collections::{HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};
use stint_domain::{BackendError, BackendErrorKind};

use super::held::{HeldJobs, PutOff};
use crate::grouping::{Group, GroupError};
use crate::ledger::{Attempted, LedgerStore, PageOfJob, TimeEntryPage, Write, Written};

/// Writes of entries. Writes that need a held job are put off and come back.
pub(super) struct Writes<S> {
    pub(super) store: Arc<S>,
    pub(super) held: Arc<HeldJobs>,
}

impl<S: LedgerStore> Writes<S> {
    /// Carries out the writes, except those that need a job in `held` or another job that turns out to be held.
    pub(super) fn carry_out_past(
        &self,
        held: &HashSet<JobId>,
        writes: &[Write],
    ) -> Result<Vec<Result<Written, Box<PutOff>>>, GroupError> {
        let attempted = self.store.write(writes, held)?;
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

    fn weight(write: &Write) -> usize {
        write.weight()
    }

    fn carry_out(&self, writes: &[Write]) -> Result<Vec<Result<Written, Box<PutOff>>>, GroupError> {
        self.carry_out_past(&self.held.now(), writes)
    }
}

/// Look-ups of jobs by id.
pub(super) struct Jobs<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Jobs<S> {
    type Command = JobId;
    type Outcome = Option<Job>;

    const BACKEND: &'static str = S::BACKEND;

    fn carry_out(&self, ids: &[JobId]) -> Result<Vec<Option<Job>>, GroupError> {
        find(ids, |ids| self.0.find_jobs(ids).map(|jobs| jobs.into_iter().map(|job| (job.id, job)).collect()))
    }
}

/// Look-ups of entries by id.
pub(super) struct Entries<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Entries<S> {
    type Command = TimeEntryId;
    type Outcome = Option<TimeEntry>;

    const BACKEND: &'static str = S::BACKEND;

    fn carry_out(&self, ids: &[TimeEntryId]) -> Result<Vec<Option<TimeEntry>>, GroupError> {
        find(ids, |ids| {
            self.0.find_entries(ids).map(|entries| entries.into_iter().map(|entry| (entry.id, entry)).collect())
        })
    }
}

/// Pages of a job's entries.
pub(super) struct Pages<S>(pub(super) Arc<S>);

impl<S: LedgerStore> Group for Pages<S> {
    type Command = PageOfJob;
    type Outcome = Option<TimeEntryPage>;

    const BACKEND: &'static str = S::BACKEND;

    fn weight(page: &PageOfJob) -> usize {
        page.weight()
    }

    fn room(_page: &PageOfJob) -> usize {
        1
    }

    fn carry_out(&self, pages: &[PageOfJob]) -> Result<Vec<Option<TimeEntryPage>>, GroupError> {
        find(pages, |pages| self.0.find_pages(pages).map(|found| pages.iter().copied().zip(found).collect()))
    }
}

/// Looks up each key once, even when many callers ask for it, and answers in the order of the keys.
fn find<K: Copy + Eq + Hash, T: Clone>(
    keys: &[K],
    look_up: impl FnOnce(&[K]) -> Result<HashMap<K, T>, BackendError>,
) -> Result<Vec<Option<T>>, GroupError> {
    let mut callers: HashMap<K, usize> = HashMap::with_capacity(keys.len());
    for key in keys {
        *callers.entry(*key).or_default() += 1;
    }
    let wanted: Vec<K> = callers.keys().copied().collect();
    // A read can always be repeated.
    let mut found = look_up(&wanted).map_err(GroupError::Undone)?;
    // The last caller of a key gets the value itself and the others get copies. Most often there is one caller.
    let take = |key: &K| match callers.get_mut(key) {
        Some(left @ 2..) => {
            *left -= 1;
            found.get(key).cloned()
        }
        _ => found.remove(key),
    };
    Ok(keys.iter().map(take).collect())
}
