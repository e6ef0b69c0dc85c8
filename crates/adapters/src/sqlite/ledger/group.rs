//! Writes of entries, one or many in one transaction, and rows by id.
//!
//! The rows that a group concerns are read into a [`Ledger`], which decides, and the differences are stored. Nothing
//! can come in between, because SQLite has one writer at a time.

use std::collections::{BTreeSet, HashSet};
use std::iter;

use diesel::SqliteConnection;
use stint_domain::ledger::{Fingerprint, Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};
use stint_domain::{BackendError, BackendErrorKind};

use super::{idempotency, job, time_entry};
use crate::grouping::{GroupError, Workers};
use crate::ledger::group::{Differences, Scope};
use crate::ledger::stored_outcome::StoredOutcome;
use crate::ledger::{Attempted, Command, Ledger, LedgerStore, Outcome, PageOfJob, TimeEntryPage, Write, alone};
use crate::sqlite::Sqlite;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::rows::{bytes, row};
use crate::sqlite::session::Session;

impl LedgerStore for Sqlite {
    const BACKEND: &'static str = BACKEND;
    const WRITERS: Workers = Workers::Threads;
    const READERS: Workers = Workers::Threads;

    /// Nothing is ever put off, because a writer holds all jobs.
    async fn write(&self, writes: &[Write], _held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
        self.writer.run_here(|session| write(session, writes)).await.map_err(group_error)
    }

    async fn find_jobs(&self, ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        self.readers.run_here(|session| job::load_all(session.connection()?, ids.iter().copied())).await
    }

    async fn find_entries(&self, ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        self.readers.run_here(|session| time_entry::load(session.connection()?, ids.iter().copied())).await
    }

    async fn find_pages(&self, pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError> {
        let find = |session: &mut Session| {
            let connection = session.connection()?;
            pages.iter().map(|page| time_entry::page(connection, &(*page).into())).collect()
        };
        self.readers.run_here(find).await
    }
}

impl Sqlite {
    /// Carries out `command` as a group of its own.
    pub(in crate::sqlite) async fn write_alone<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        let writes = [command.into_write()];
        let attempted = self.writer.run(move |session| write(session, &writes)).await.map_err(group_error);
        alone::<C>(BACKEND, attempted)
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
    let entries = time_entry::load(connection, scope.entries.iter().copied())?;
    let of_entries = entries.iter().map(|entry| entry.related_job);
    let jobs: BTreeSet<_> = scope.jobs.iter().copied().chain(of_entries).collect();
    ledger.jobs.extend(job::load_all(connection, jobs)?.into_iter().map(|job| (job.id, job)));
    ledger.entries.extend(entries.into_iter().map(|entry| (entry.id, entry)));
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
        job::save_total(connection, job)?;
    }
    // Where there is an outcome, there is a write with an `at`.
    for (new, at) in differences.outcomes.iter().zip(iter::repeat(scope.at).flatten()) {
        let text = StoredOutcome::from(new.outcome).to_text();
        idempotency::store(connection, (new.token, new.key), new.fingerprint, &text, at).map_err(classify)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use diesel::connection::{InstrumentationEvent, SimpleConnection};
    use diesel::prelude::*;
    use stint_domain::ledger::{JobName, JobStatus, Minutes, WorkSummary};
    use stint_domain::values::{Subject, Timestamp, Version};
    use uuid::Uuid;

    use super::*;

    fn entry(id: u128, job: &Job) -> TimeEntry {
        TimeEntry {
            id: TimeEntryId::new(Uuid::from_u128(id)),
            related_job: job.id,
            minutes_worked: Minutes::new(30).unwrap(),
            date_stamp: "2026-01-02".parse().unwrap(),
            work_summary: WorkSummary::new("read").unwrap(),
            created_by: Subject::new("ada").unwrap(),
            version: Version::initial(job.created_at),
            created_at: job.created_at,
            updated_at: job.created_at,
        }
    }

    #[test]
    fn any_number_of_rows_is_found_with_three_statements_that_are_prepared_once() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let schema = include_str!("../../../../../migrations/sqlite/2026-11-21-000001_expand_ledger/up.sql");
        connection.batch_execute(schema).unwrap();
        let (name, at) = (JobName::new("Research").unwrap(), Timestamp::from_micros(0).unwrap());
        let job = job::insert(&mut connection, JobId::new(Uuid::nil()), name, JobStatus::Open, at).unwrap();
        let (prepared, run) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        connection.set_instrumentation({
            let (prepared, run) = (prepared.clone(), run.clone());
            move |event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::CacheQuery { sql, .. } => prepared.lock().unwrap().push(sql.to_owned()),
                InstrumentationEvent::StartQuery { .. } => *run.lock().unwrap() += 1,
                _ => {}
            }
        });

        let mut first_id = 0;
        for number in [0, 1, 2, 7, 8, 9, 63, 64, 65, 137, 400] {
            let entries: Vec<_> = (first_id..first_id + number).map(|id| entry(id, &job)).collect();
            first_id += number;
            entries.iter().try_for_each(|entry| time_entry::insert(&mut connection, entry)).unwrap();
            let unknown = TimeEntryId::new(Uuid::max());
            let ids = entries.iter().map(|entry| entry.id).chain([unknown]);
            let mut found = time_entry::load(&mut connection, ids).unwrap();
            found.sort_unstable_by_key(|entry| entry.id);
            assert_eq!(found, entries, "{number}");
        }
        assert_eq!(prepared.lock().unwrap().len(), 3 + 1, "{prepared:?}");
        assert!(*run.lock().unwrap() < first_id + 30, "{run:?}");
    }
}
