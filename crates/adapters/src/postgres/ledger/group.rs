//! Writes of entries, one or many in one transaction, and rows by id.
//!
//! Most writes are new entries, and those need not be compared with what is stored: one statement stores all that can
//! be stored ([`record`]). All other writes, and whatever that statement did not store, take the general way
//! ([`decide`]): lock, read, decide, store.

pub(in crate::postgres) mod decide;
mod held;
mod keys;
pub(super) mod pages;
mod record;
mod statements;

use std::collections::{BTreeSet, HashSet};
use std::iter;

use diesel_async::AsyncPgConnection;
use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::find::{entries, jobs};
use crate::grouping::{GroupError, Workers};
use crate::ledger::group::Scope;
use crate::ledger::{Attempted, Command, LedgerStore, PageOfJob, TimeEntryPage, Write, alone};
use crate::postgres::Postgres;
use crate::postgres::attempt::{Doubt, Failure, InDoubt, Overtaken, Repeat, attempt};
use crate::postgres::error::{BACKEND, is_locked};
use crate::postgres::session::Session;
use decide::Locks;
use statements::{LockFreeJobs, LockJobs};

impl LedgerStore for Postgres {
    const BACKEND: &'static str = BACKEND;
    const WRITERS: Workers = Workers::Tasks;
    const READERS: Workers = Workers::OwnTasks;

    async fn write(&self, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
        let mut taken = self.groups.take().await.map_err(GroupError::Undone)?;
        let attempted = write(&mut taken.session, writes, held).await;
        taken.give_back();
        attempted
    }

    async fn await_job(&self, job: JobId, wait: bool) -> Result<bool, BackendError> {
        let mut taken = self.groups.take().await?;
        let awaited = attempt(&mut taken.session, Repeat::Reads, &(job, wait), &|connection, (job, wait)| {
            Box::pin(is_free(connection, *job, *wait))
        })
        .await;
        taken.give_back();
        match awaited {
            Err(error) if is_locked(&error) => Ok(false),
            awaited => awaited,
        }
    }

    async fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        self.readers
            .read(ids, &|mut connection, ids| Box::pin(async move { jobs(&mut connection, ids.iter().copied()).await }))
            .await
    }

    async fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        self.readers
            .read(ids, &|mut connection, ids| {
                Box::pin(async move { entries(&mut connection, ids.iter().copied()).await })
            })
            .await
    }

    async fn find_pages(&self, pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError> {
        self.readers
            .read(pages, &|mut connection, pages| Box::pin(async move { pages::find(&mut connection, pages).await }))
            .await
    }
}

/// Whether nobody has locked the job. The lock is not kept, so that a waiting write has nothing locked.
async fn is_free(connection: &mut AsyncPgConnection, job: JobId, wait: bool) -> Result<bool, Failure<BackendError>> {
    let (scope, none) = (Scope { jobs: BTreeSet::from([job]), ..Scope::default() }, HashSet::new());
    if wait {
        return decide::lock::<LockJobs>(connection, &scope, &none).await.map(|_| true);
    }
    let locked = decide::lock::<LockFreeJobs>(connection, &scope, &none).await?;
    Ok(!locked.is_empty() || jobs::<_, BackendError>(connection, iter::once(job)).await?.is_empty())
}

impl Postgres {
    /// Carries out `command` as a group of its own.
    pub(in crate::postgres) async fn write_alone<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        let input = ([command.into_write()], HashSet::new());
        let write = self.requests.with(input, |session, (writes, held)| Box::pin(write(session, writes, held)));
        let attempted = write.await?;
        alone::<C>(BACKEND, attempted)
    }
}

/// Carries out the writes and answers each. Writes that need a job in `held` are put off.
async fn write(session: &mut Session, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
    let mut doubt = Doubt::default();
    let attempted = match record::NewEntries::of(writes) {
        Some(new) => record::write(session, new, writes, held, &mut doubt).await,
        None => decide::write(session, writes, held, Locks::Await, &mut doubt).await,
    };
    // When the server reports a failure, nothing was done. When the connection was lost, a COMMIT may have taken
    // effect.
    attempted.map_err(|error| match error {
        error if InDoubt::is(&error) => GroupError::Unknown(error),
        error if Overtaken::is(&error) => GroupError::Overtaken(error),
        error => GroupError::Undone(error),
    })
}
