//! Writes of entries, one or many in one transaction, and rows by id.
//!
//! New entries without keys, which is what most writes are, need no look at what is there: one statement stores those
//! that can be stored ([`record`]). Everything else, and whatever that statement did not store, goes the general way
//! ([`decide`]): lock, read, decide, store.

mod decide;
mod keys;
mod record;
mod statements;

use std::time::Instant;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::values::{JobId, TimeEntryId};
use stint_domain::{Job, TimeEntry};

use super::attempt::{Failure, InDoubt, Overtaken, Repeat, attempt};
use super::rows::{JobRow, TimeEntryRow};
use super::session::Session;
use super::sql::Sql;
use super::{BACKEND, Postgres};
use crate::coalescing::{GroupError, LedgerStore, Write, Written};
use statements::{FindEntries, FindJobs};

/// How many times as long as a group a write alone waits for a lock.
const WAITS_ALONE: u32 = 4;

impl LedgerStore for Postgres {
    const BACKEND: &'static str = BACKEND;

    fn write(&self, writes: &[Write]) -> Result<Vec<Written>, GroupError> {
        let patient = |session: &mut Session| {
            // Whoever waits alone keeps no other job locked meanwhile, so it may wait for longer.
            let until = Instant::now() + WAITS_ALONE * self.group_lock_timeout;
            loop {
                match write(session, writes) {
                    Err(GroupError::Undone(error))
                        if writes.len() == 1 && error.kind == BackendErrorKind::Timeout && Instant::now() < until => {}
                    written => return Ok(written),
                }
            }
        };
        self.groups.run_here(patient).map_err(GroupError::Undone)?
    }

    fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        self.groups.run_here(|session| {
            attempt(session, Repeat::Reads, |connection| {
                let ids: Vec<_> = ids.iter().map(|id| id.as_uuid()).collect();
                let rows: Vec<JobRow> = Sql::<FindJobs>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
                rows.into_iter().map(Job::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
            })
        })
    }

    fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        self.groups
            .run_here(|session| attempt(session, Repeat::Reads, |connection| entries(connection, ids.iter().copied())))
    }
}

/// Carries out the writes, as many as there are, and answers each.
pub(super) fn write(session: &mut Session, writes: &[Write]) -> Result<Vec<Written>, GroupError> {
    let written = match record::NewEntries::of(writes) {
        Some(new) => record::write(session, new, writes),
        None => decide::write(session, writes),
    };
    // What the server refuses it has undone. A connection that was lost has perhaps taken a COMMIT along.
    written.map_err(|error| match error {
        error if InDoubt::is(&error) => GroupError::Unknown(error),
        error if Overtaken::is(&error) => GroupError::Overtaken(error),
        error => GroupError::Undone(error),
    })
}

fn entries(
    connection: &mut PgConnection,
    ids: impl Iterator<Item = TimeEntryId>,
) -> Result<Vec<TimeEntry>, Failure<BackendError>> {
    let ids: Vec<_> = ids.map(TimeEntryId::as_uuid).collect();
    let rows: Vec<TimeEntryRow> = Sql::<FindEntries>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
    rows.into_iter().map(TimeEntry::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
}
