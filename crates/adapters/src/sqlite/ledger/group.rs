//! Writes of entries, one or many in one transaction, and rows by id.
//!
//! The rows that a group concerns are read into a [`Ledger`], which decides, and the differences are stored. Nothing
//! can come in between, because SQLite has one writer at a time.

use std::collections::HashSet;
use std::collections::btree_map::Entry;
use std::iter;

use diesel::SqliteConnection;
use stint_domain::ledger::{Fingerprint, Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};
use stint_domain::{BackendError, BackendErrorKind};

use super::{idempotency, job, time_entry};
use crate::grouping::GroupError;
use crate::ledger::group::{Differences, Scope};
use crate::ledger::stored_outcome::StoredOutcome;
use crate::ledger::{Attempted, Command, Ledger, LedgerStore, Outcome, PageOfJob, TimeEntryPage, Write, alone};
use crate::sqlite::Sqlite;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::rows::{bytes, row};
use crate::sqlite::session::Session;

impl LedgerStore for Sqlite {
    const BACKEND: &'static str = BACKEND;

    /// Nothing is ever put off, because a writer holds all jobs.
    fn write(&self, writes: &[Write], _held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
        self.writer.run_here(|session| write(session, writes)).map_err(group_error)
    }

    fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        self.readers.run_here(|session| {
            session.read(|connection| ids.iter().filter_map(|id| job::load(connection, *id).transpose()).collect())
        })
    }

    fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        self.readers.run_here(|session| {
            session
                .read(|connection| ids.iter().filter_map(|id| time_entry::load(connection, *id).transpose()).collect())
        })
    }

    fn find_pages(&self, pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError> {
        self.readers.run_here(|session| {
            session.read(|connection| pages.iter().map(|page| time_entry::page(connection, &(*page).into())).collect())
        })
    }
}

impl Sqlite {
    /// Carries out `command` as a group of its own.
    pub(in crate::sqlite) async fn write_alone<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        let write = |session: &mut Session, writes: &[Write]| write(session, writes).map_err(group_error);
        self.writer.run(move |session| alone(BACKEND, command, |writes| write(session, writes))).await
    }
}

/// When SQLite cannot commit, it has undone everything. Only when the file was removed meanwhile, it is not known
/// what happened.
pub(in crate::sqlite) fn group_error(error: BackendError) -> GroupError {
    match error.kind {
        BackendErrorKind::Timeout => GroupError::Unknown(error),
        _ => GroupError::Undone(error),
    }
}

/// Carries out the writes in one transaction.
fn write(session: &mut Session, writes: &[Write]) -> Result<Vec<Attempted>, BackendError> {
    session.write(|connection| {
        let scope = Scope::of(writes);
        let before = read(connection, &scope)?;
        let mut ledger = before.clone();
        let written = ledger.carry_out(writes);
        store(connection, &ledger.differences_from(&before), &scope)?;
        Ok(written.into_iter().map(Attempted::Done).collect())
    })
}

pub(in crate::sqlite) fn read(connection: &mut SqliteConnection, scope: &Scope<'_>) -> Result<Ledger, BackendError> {
    let mut ledger = Ledger::new(BACKEND);
    for id in &scope.entries {
        ledger.entries.extend(time_entry::load(connection, *id)?.map(|entry| (entry.id, entry)));
    }
    let of_entries = ledger.entries.values().map(|entry| entry.related_job);
    for id in scope.jobs.iter().copied().chain(of_entries) {
        if let Entry::Vacant(place) = ledger.jobs.entry(id)
            && let Some(job) = job::load(connection, id)?
        {
            place.insert(job);
        }
    }
    for key in &scope.keys {
        if let Some((fingerprint, text)) = idempotency::find(connection, key).map_err(classify)? {
            let row = row("idempotency_keys", key.token.as_uuid().as_bytes());
            let fingerprint = Fingerprint(bytes(&row, "fingerprint", &fingerprint)?);
            let outcome = Outcome::read(BACKEND, key, &text)?;
            ledger.outcomes.insert((key.token, key.key.clone()), (fingerprint, outcome));
        }
    }
    Ok(ledger)
}

pub(in crate::sqlite) fn store(
    connection: &mut SqliteConnection,
    differences: &Differences<'_>,
    scope: &Scope<'_>,
) -> Result<(), BackendError> {
    for id in &differences.deleted {
        time_entry::delete(connection, *id)?;
    }
    for entry in &differences.edited {
        time_entry::update(connection, entry)?;
    }
    for entry in &differences.created {
        time_entry::insert(connection, entry)?;
    }
    for job in &differences.jobs {
        job::update(connection, job)?;
    }
    // Where there is an outcome, there is a write with an `at`.
    for (new, at) in differences.outcomes.iter().zip(iter::repeat(scope.at).flatten()) {
        let text = StoredOutcome::from(new.outcome).to_text();
        idempotency::store(connection, (new.token, new.key), new.fingerprint, &text, at).map_err(classify)?;
    }
    Ok(())
}
