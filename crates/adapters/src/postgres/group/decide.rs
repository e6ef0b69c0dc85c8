//! The general way, in one transaction: lock the jobs, read what the writes are about, let a [`Ledger`] decide, store
//! what is different.
//!
//! Whoever writes an entry holds the lock of its job, so nothing that was read can change before the commit. Only an
//! entry that was created or moved while the locks were awaited belongs to a job that is not locked; and an id or a
//! key may be taken by somebody who commits first. Then everything is done again, on what is there by then.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use stint_domain::Job;
use stint_domain::ports::BackendError;

use super::super::BACKEND;
use super::super::attempt::{Failure, Repeat, attempt, transaction};
use super::super::rows::{JobRow, timestamptz};
use super::super::session::Session;
use super::super::sql::{Constant, Sql};
use super::statements::{Count, Create, Delete, Edit, LockJobs, bind_entries};
use super::{entries, keys};
use crate::coalescing::{Write, Written};
use crate::ledger::Ledger;
use crate::ledger::group::{Changes, Scope};

/// Carries out the writes, all of them or none.
pub(super) fn write(session: &mut Session, writes: &[Write]) -> Result<Vec<Written>, BackendError> {
    let repeat = if writes.iter().all(Write::is_repeatable) { Repeat::Harmless } else { Repeat::Never };
    let scope = Scope::of(writes);
    attempt(session, repeat, |connection| {
        transaction(connection, |connection| {
            let before = read(connection, &scope)?;
            let mut ledger = before.clone();
            let written = ledger.carry_out(writes).map_err(Failure::Refused)?;
            store(connection, &ledger.changes_since(&before), &scope)?;
            Ok(written)
        })
    })
}

fn read(connection: &mut PgConnection, scope: &Scope<'_>) -> Result<Ledger, Failure<BackendError>> {
    let mut ledger = Ledger::new(BACKEND);
    let rows: Vec<JobRow> = Sql::<LockJobs>::constant()
        .bind::<Array<SqlUuid>, _>(scope.jobs.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(scope.entries.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())
        .load(connection)?;
    for row in rows {
        let job = Job::try_from(row).map_err(Failure::Refused)?;
        ledger.jobs.insert(job.id, job);
    }
    for entry in entries(connection, scope.entries.iter().copied())? {
        if !ledger.jobs.contains_key(&entry.related_job) {
            return Err(Failure::Overtaken);
        }
        ledger.entries.insert(entry.id, entry);
    }
    if !scope.keys.is_empty() {
        ledger.outcomes = keys::read(connection, &scope.keys)?;
    }
    Ok(ledger)
}

fn store(connection: &mut PgConnection, changes: &Changes<'_>, scope: &Scope<'_>) -> Result<(), Failure<BackendError>> {
    if !changes.deleted.is_empty() {
        let ids: Vec<_> = changes.deleted.iter().map(|id| id.as_uuid()).collect();
        exactly(ids.len(), Sql::<Delete>::constant().bind::<Array<SqlUuid>, _>(ids), connection)?;
    }
    if !changes.edited.is_empty() {
        let ids: Vec<_> = changes.edited.iter().map(|entry| entry.id.as_uuid()).collect();
        let edit = bind_entries(Sql::<Edit>::constant(), &changes.edited).bind::<Array<SqlUuid>, _>(ids);
        exactly(changes.edited.len(), edit, connection)?;
    }
    if !changes.created.is_empty() {
        let create = bind_entries(Sql::<Create>::constant(), &changes.created);
        exactly(changes.created.len(), create, connection)?;
    }
    if !changes.jobs.is_empty() {
        let jobs = &changes.jobs;
        let ids: Vec<_> = jobs.iter().map(|job| job.id.as_uuid()).collect();
        let count = Sql::<Count>::constant()
            .bind::<Array<SqlUuid>, _>(ids.clone())
            // At most 2^53 - 1.
            .bind::<Array<BigInt>, _>(jobs.iter().map(|job| job.total_minutes.get().cast_signed()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(jobs.iter().map(|job| job.version.get()).collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(jobs.iter().map(|job| timestamptz(job.updated_at)).collect::<Vec<_>>())
            .bind::<Array<SqlUuid>, _>(ids);
        exactly(jobs.len(), count, connection)?;
    }
    match scope.at {
        Some(at) if !changes.outcomes.is_empty() => keys::store(connection, &changes.outcomes, at),
        _ => Ok(()),
    }
}

/// Changes so many rows. Another number, or an id that is taken, tells that somebody else did something meanwhile.
fn exactly<N: Constant>(
    rows: usize,
    sql: Sql<'_, N>,
    connection: &mut PgConnection,
) -> Result<(), Failure<BackendError>> {
    match sql.execute(connection).map_err(Failure::from) {
        Ok(changed) if changed == rows => Ok(()),
        Err(failure) if !failure.is_unique_violation() => Err(failure),
        _ => Err(Failure::Overtaken),
    }
}
