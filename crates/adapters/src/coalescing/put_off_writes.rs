//! The queue of writes that were put off. Each waits for the job that it needs, apart from all others.

use std::collections::HashSet;
use std::time::Duration;

use uuid::Uuid;

use super::groups::Writes;
use super::held::PutOff;
use crate::grouping::{Group, GroupError, Workers};
use crate::ledger::{LedgerStore, Write, Written};

/// Writes that were put off.
pub(super) struct PutOffWrites<S> {
    pub(super) writes: Writes<S>,
    pub(super) patience: Duration,
}

impl<S: LedgerStore> Group for PutOffWrites<S> {
    type Command = Box<PutOff>;
    type Outcome = Result<Written, Box<PutOff>>;

    const BACKEND: &'static str = S::BACKEND;
    const WORKERS: Workers = S::WRITERS;

    fn weight(put_off: &Box<PutOff>) -> usize {
        put_off.write.weight()
    }

    fn lane(put_off: &Box<PutOff>) -> Option<Uuid> {
        Some(put_off.job.as_uuid())
    }

    async fn carry_out(&self, put_off: &[Box<PutOff>]) -> Result<Vec<Result<Written, Box<PutOff>>>, GroupError> {
        let writes: Vec<Write> = put_off.iter().map(|each| each.write.clone()).collect();
        if let Some(PutOff { job, since, .. }) = put_off.first().map(Box::as_ref) {
            // The write may have waited for other jobs before. If its time is over, it looks once and does not wait.
            let wait = since.elapsed() < self.patience;
            if !self.writes.store.await_job(*job, wait).await.map_err(GroupError::Undone)? {
                let again = |write| Err(PutOff::new(*job, write, &self.writes.held));
                return Ok(writes.into_iter().map(again).collect());
            }
            self.writes.held.let_go(*job);
        }
        // With an empty set, because a write that needs another held job must find that out by trying, or it would be
        // put off for ever.
        self.writes.carry_out_past(&HashSet::new(), &writes).await
    }
}

#[cfg(test)]
mod tests;
