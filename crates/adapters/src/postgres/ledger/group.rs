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

use diesel::pg::PgConnection;
use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::find::{entries, jobs};
use crate::grouping::GroupError;
use crate::ledger::group::Scope;
use crate::ledger::{Attempted, Command, LedgerStore, PageOfJob, TimeEntryPage, Write, alone};
use crate::postgres::Postgres;
use crate::postgres::attempt::{Doubt, InDoubt, Overtaken, Repeat, attempt};
use crate::postgres::error::BACKEND;
use crate::postgres::error::is_locked;
use crate::postgres::session::Session;
use decide::Locks;
use statements::{LockFreeJobs, LockJobs};

impl LedgerStore for Postgres {
    const BACKEND: &'static str = BACKEND;

    fn write(&self, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
        self.groups.run_here(|session| Ok(write(session, writes, held))).map_err(GroupError::Undone)?
    }

    fn await_job(&self, job: JobId, wait: bool) -> Result<bool, BackendError> {
        let (scope, none) = (Scope { jobs: BTreeSet::from([job]), ..Scope::default() }, HashSet::new());
        // The lock is not kept, so that a waiting write has nothing locked.
        let is_free = |connection: &mut PgConnection| {
            if wait {
                return decide::lock::<LockJobs>(connection, &scope, &none).map(|_| true);
            }
            let locked = decide::lock::<LockFreeJobs>(connection, &scope, &none)?;
            Ok(!locked.is_empty() || jobs(connection, iter::once(job))?.is_empty())
        };
        self.groups.run_here(|session| match attempt(session, Repeat::Reads, is_free) {
            Err(error) if is_locked(&error) => Ok(false),
            awaited => awaited,
        })
    }

    fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        self.groups
            .run_here(|session| attempt(session, Repeat::Reads, |connection| jobs(connection, ids.iter().copied())))
    }

    fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        self.groups
            .run_here(|session| attempt(session, Repeat::Reads, |connection| entries(connection, ids.iter().copied())))
    }

    fn find_pages(&self, pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError> {
        self.groups.run_here(|session| attempt(session, Repeat::Reads, |connection| pages::find(connection, pages)))
    }
}

impl Postgres {
    /// Carries out `command` as a group of its own.
    pub(in crate::postgres) async fn write_alone<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        self.requests
            .run(move |session| alone(BACKEND, command, |writes| write(session, writes, &HashSet::new())))
            .await
    }
}

/// Carries out the writes and answers each. Writes that need a job in `held` are put off.
fn write(session: &mut Session, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
    let mut doubt = Doubt::default();
    let attempted = match record::NewEntries::of(writes) {
        Some(new) => record::write(session, new, writes, held, &mut doubt),
        None => decide::write(session, writes, held, Locks::Await, &mut doubt),
    };
    // When the server reports a failure, nothing was done. When the connection was lost, a COMMIT may have taken
    // effect.
    attempted.map_err(|error| match error {
        error if InDoubt::is(&error) => GroupError::Unknown(error),
        error if Overtaken::is(&error) => GroupError::Overtaken(error),
        error => GroupError::Undone(error),
    })
}
