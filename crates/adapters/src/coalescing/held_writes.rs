//! The queue of writes that were put off. Each waits for the job that it needs, apart from all others.

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use super::groups::Writes;
use super::held::Held;
use crate::grouping::{Group, GroupError};
use crate::ledger::{LedgerStore, Write, Written};

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
            // The write may have waited for other jobs before. If its time is over, it looks once and does not wait.
            let wait = since.elapsed() < self.patience;
            if !self.writes.store.await_job(*job, wait).map_err(GroupError::Undone)? {
                let put_off = |write| Err(Held::put_off(*job, write, &self.writes.held));
                return Ok(writes.into_iter().map(put_off).collect());
            }
            self.writes.held.let_go(*job);
        }
        // With an empty set, because a write that needs another held job must find that out by trying, or it would be
        // put off for ever.
        self.writes.carry_out_past(&HashSet::new(), &writes)
    }
}

#[cfg(test)]
mod tests;
