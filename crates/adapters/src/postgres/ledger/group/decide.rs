//! The general way, in one transaction: lock the jobs, read the rows that the writes concern, let a [`Ledger`]
//! decide, store the differences.
//!
//! Every writer of an entry holds the lock of its job, so nothing that was read can change before the commit. There
//! are two exceptions. An entry that was created or moved while the locks were waited for may belong to a job that is
//! not locked. And an id or a key may be taken by a transaction that commits first. In these cases everything is done
//! again, with what is stored by then.
//!
//! A job that another transaction holds for more than a moment delays only the writes that need it: everything is
//! done again with the locks that are free, and the writes that need others are put off.

use std::collections::{HashMap, HashSet};

use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::ledger::Job;
use stint_domain::values::JobId;

use super::held::Held;
use super::keys;
use super::statements::{Count, Create, Delete, Edit, LockFreeJobs, LockJobs, bind_entries};
use crate::ledger::group::{Differences, Scope};
use crate::ledger::{Attempted, Ledger, Write};
use crate::postgres::attempt::{Doubt, Failure, Repeat, attempt_in, transaction};
use crate::postgres::error::{BACKEND, is_locked};
use crate::postgres::ledger::find::{entries, jobs};
use crate::postgres::ledger::rows::{JobColumns, JobRow};
use crate::postgres::read::all;
use crate::postgres::rows::timestamptz;
use crate::postgres::session::Session;
use crate::postgres::sql::Sql;
use crate::sql::Constant;

/// What to do about a held job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Locks {
    /// Wait for it. If that takes too long, do everything again with [`Self::Skip`].
    Await,
    /// Put off the writes that need it.
    Skip,
}

/// Carries out the writes that need no held job, all of them or none.
pub(super) async fn write(
    session: &mut Session,
    writes: &[Write],
    held: &HashSet<JobId>,
    mut locks: Locks,
    doubt: &mut Doubt,
) -> Result<Vec<Attempted>, BackendError> {
    if writes.is_empty() {
        return Ok(Vec::new());
    }
    let repeat = if writes.iter().all(Write::is_repeatable) { Repeat::Harmless } else { Repeat::Never };
    loop {
        let input = (writes, held, locks);
        let attempted = attempt_in(session, repeat, doubt, &input, &|connection, (writes, held, locks)| {
            Box::pin(transaction(connection, async |connection| carry_out(connection, writes, held, *locks).await))
        });
        return match attempted.await {
            Err(error) if locks == Locks::Await && is_locked(&error) => {
                locks = Locks::Skip;
                continue;
            }
            // The job may be held by the attempt in doubt, whose session the server has not ended yet. Then all callers
            // are told of the doubt, because it is not known here which of them were part of that attempt.
            Ok(attempted) if attempted.iter().any(|each| matches!(each, Attempted::Held(_))) => {
                doubt.certain(attempted)
            }
            attempted => attempted.map_err(|error| doubt.told(error)),
        };
    }
}

/// Locks, reads, decides and stores.
async fn carry_out(
    connection: &mut AsyncPgConnection,
    writes: &[Write],
    held: &HashSet<JobId>,
    locks: Locks,
) -> Result<Vec<Attempted>, Failure<BackendError>> {
    let scope = Scope::of(writes);
    let (before, mut held) = read(connection, &scope, held, locks).await?;
    let held: Vec<Option<JobId>> = writes.iter().map(|write| held.job_of(write)).collect();
    let free = writes.iter().zip(&held).filter(|(_, held)| held.is_none()).map(|(write, _)| write);
    let mut ledger = before.clone();
    let mut written = ledger.carry_out(free).into_iter();
    store(connection, &ledger.differences_from(&before), &scope).await?;
    let attempted = |held: Option<JobId>| held.map(Attempted::Held).or_else(|| written.next().map(Attempted::Done));
    Ok(held.into_iter().filter_map(attempted).collect())
}

/// Locks and reads the scope, and waits for every lock.
pub(in crate::postgres) async fn read_all(
    connection: &mut AsyncPgConnection,
    scope: &Scope<'_>,
) -> Result<Ledger, Failure<BackendError>> {
    read(connection, scope, &HashSet::new(), Locks::Await).await.map(|(ledger, _none_is_held)| ledger)
}

/// Locks and reads the scope, without held jobs.
async fn read(
    connection: &mut AsyncPgConnection,
    scope: &Scope<'_>,
    held: &HashSet<JobId>,
    locks: Locks,
) -> Result<(Ledger, Held), Failure<BackendError>> {
    let mut ledger = Ledger::new(BACKEND);
    let mut held = Held { jobs: held.clone(), entries: HashMap::new() };
    let locked = match locks {
        Locks::Await => lock::<LockJobs>(connection, scope, &held.jobs).await?,
        Locks::Skip => lock::<LockFreeJobs>(connection, scope, &held.jobs).await?,
    };
    ledger.jobs.extend(locked.into_iter().map(|job| (job.id, job)));
    if locks == Locks::Skip {
        let not_locked = scope.jobs.iter().filter(|id| !ledger.jobs.contains_key(id)).copied();
        held.jobs.extend(jobs(connection, not_locked).await?.into_iter().map(|job| job.id));
    }
    for entry in entries(connection, scope.entries.iter().copied()).await? {
        let job = entry.related_job;
        if ledger.jobs.contains_key(&job) {
            ledger.entries.insert(entry.id, entry);
        } else if locks == Locks::Skip || held.jobs.contains(&job) {
            held.entries.insert(entry.id, job);
        } else {
            return Err(Failure::Overtaken);
        }
    }
    if !scope.keys.is_empty() {
        ledger.outcomes = keys::read(connection, &scope.keys).await?;
    }
    Ok((ledger, held))
}

/// Locks the named jobs and the jobs of the entries, without those in `held`.
pub(super) async fn lock<N: Constant<Columns = JobColumns>>(
    connection: &mut AsyncPgConnection,
    scope: &Scope<'_>,
    held: &HashSet<JobId>,
) -> Result<Vec<Job>, Failure<BackendError>> {
    let locked = Sql::<N>::constant()
        .bind::<Array<SqlUuid>, _>(scope.jobs.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(scope.entries.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(held.iter().map(|id| id.as_uuid()).collect::<Vec<_>>())
        .load::<JobRow>(connection)
        .await;
    all(locked)
}

/// Stores the differences.
pub(in crate::postgres) async fn store(
    connection: &mut AsyncPgConnection,
    differences: &Differences<'_>,
    scope: &Scope<'_>,
) -> Result<(), Failure<BackendError>> {
    if !differences.deleted.is_empty() {
        let ids: Vec<_> = differences.deleted.iter().map(|id| id.as_uuid()).collect();
        exactly(ids.len(), Sql::<Delete>::constant().bind::<Array<SqlUuid>, _>(ids), connection).await?;
    }
    if !differences.edited.is_empty() {
        let edit = bind_entries(Sql::<Edit>::constant(), &differences.edited);
        exactly(differences.edited.len(), edit, connection).await?;
    }
    if !differences.created.is_empty() {
        let create = bind_entries(Sql::<Create>::constant(), &differences.created);
        exactly(differences.created.len(), create, connection).await?;
    }
    if !differences.jobs.is_empty() {
        let jobs = &differences.jobs;
        let count = Sql::<Count>::constant()
            .bind::<Array<SqlUuid>, _>(jobs.iter().map(|job| job.id.as_uuid()).collect::<Vec<_>>())
            // At most 2^53 - 1.
            .bind::<Array<BigInt>, _>(jobs.iter().map(|job| job.total_minutes.get().cast_signed()).collect::<Vec<_>>())
            .bind::<Array<BigInt>, _>(jobs.iter().map(|job| job.version.get()).collect::<Vec<_>>())
            .bind::<Array<Timestamptz>, _>(jobs.iter().map(|job| timestamptz(job.updated_at)).collect::<Vec<_>>());
        exactly(jobs.len(), count, connection).await?;
    }
    match scope.at {
        Some(at) if !differences.outcomes.is_empty() => keys::store(connection, &differences.outcomes, at).await,
        _ => Ok(()),
    }
}

/// Differences exactly so many rows. Another number, or a taken id, means that another transaction came first.
pub(in crate::postgres) async fn exactly<N: Constant>(
    rows: usize,
    sql: Sql<'_, N>,
    connection: &mut AsyncPgConnection,
) -> Result<(), Failure<BackendError>> {
    match sql.execute(connection).await.map_err(Failure::from) {
        Ok(changed) if changed == rows => Ok(()),
        Err(failure) if !failure.is_unique_violation() => Err(failure),
        _ => Err(Failure::Overtaken),
    }
}
