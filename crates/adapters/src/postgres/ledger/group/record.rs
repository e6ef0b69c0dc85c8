//! New entries: one statement that commits by itself.
//!
//! It stores an entry, and the outcome under its key if it has one, when the entry's job exists and is open. The
//! general way finds out why an entry was not stored (its job, its job's total, or a taken id or key), and what its
//! caller is told.

use std::collections::{BTreeMap, HashSet};
use std::slice;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use stint_domain::ledger::{Applied, Idempotency, TimeEntry};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

use super::decide::{self, Locks};
use super::keys::bind_keys;
use super::statements::{Record, RecordOnce, bind_entries};
use crate::ledger::stored_outcome::StoredOutcome;
use crate::ledger::{Attempted, Write, Written};
use crate::postgres::attempt::{Doubt, Failure, Repeat, attempt_in};
use crate::postgres::error::is_locked;
use crate::postgres::rows::timestamptz;
use crate::postgres::session::Session;
use crate::postgres::sql::Sql;

/// New entries as they are stored, in the order of the writes.
pub(super) struct NewEntries(Vec<TimeEntry>);

/// What is added to a job: minutes, and one version for each write.
struct Addition {
    minutes: i64,
    versions: i64,
    at: Timestamp,
}

impl NewEntries {
    /// The entries of the writes, if each write stores one entry and their ids differ.
    pub(super) fn of(writes: &[Write]) -> Option<Self> {
        let entry = |write: &Write| match write {
            Write::Record(record) => Some(record.entry.clone().stored(record.at)),
            _ => None,
        };
        let entries: Vec<TimeEntry> = writes.iter().map(entry).collect::<Option<_>>()?;
        let ids: HashSet<_> = entries.iter().map(|entry| entry.id.as_uuid()).collect();
        (ids.len() == entries.len()).then_some(Self(entries))
    }
}

/// Stores what can be stored, and passes the rest to the general way.
pub(super) fn write(
    session: &mut Session,
    NewEntries(entries): NewEntries,
    writes: &[Write],
    held: &HashSet<JobId>,
    doubt: &mut Doubt,
) -> Result<Vec<Attempted>, BackendError> {
    let is_held = |entry: &TimeEntry| held.contains(&entry.related_job);
    let with_key = entries.iter().zip(writes.iter().map(Write::idempotency));
    let free: Vec<_> = with_key.filter(|(entry, _)| !is_held(entry)).collect();
    // Repeating it has no effect: the ids are taken.
    let stored = match attempt_in(session, Repeat::Harmless, doubt, |connection| store(connection, &free)) {
        Err(error) if is_locked(&error) => return decide::write(session, writes, held, Locks::Skip, doubt),
        stored => stored?,
    };
    let is_stored = |entry: &TimeEntry| stored.contains(&entry.id.as_uuid());
    let is_left = |(entry, _): &(&TimeEntry, &Write)| !is_held(entry) && !is_stored(entry);
    let left: Vec<Write> = entries.iter().zip(writes).filter(is_left).map(|(_, write)| write.clone()).collect();
    let mut left = match decide::write(session, &left, held, Locks::Await, doubt) {
        Ok(attempted) => attempted,
        Err(error) if stored.is_empty() => return Err(error),
        // Not a failure of the whole group: the others are committed.
        Err(error) => each(session, &left, held, error),
    }
    .into_iter();
    let attempted = |entry: TimeEntry| match entry.related_job {
        job if is_held(&entry) => Some(Attempted::Held(job)),
        _ if is_stored(&entry) => Some(Attempted::Done(Written::Record(Ok(Applied::now(entry))))),
        _ => left.next(),
    };
    Ok(entries.into_iter().filter_map(attempted).collect())
}

/// Carries out each write alone after all together `failed`, so that a failure of one write fails only that one. When
/// the database is down, it is not asked again.
fn each(session: &mut Session, writes: &[Write], held: &HashSet<JobId>, failed: BackendError) -> Vec<Attempted> {
    let failure = |error: BackendError| Attempted::Done(Written::Record(Err(error.into())));
    let mut last = failed;
    let mut alone = |write| {
        if matches!(last.kind, BackendErrorKind::Corrupt | BackendErrorKind::Internal) {
            match decide::write(session, slice::from_ref(write), held, Locks::Await, &mut Doubt::default()) {
                Ok(mut attempted) if attempted.len() == 1 => return attempted.remove(0),
                Ok(_) => {}
                Err(error) => last = error,
            }
        }
        failure(last.clone())
    };
    writes.iter().map(&mut alone).collect()
}

/// The ids of the stored entries, some of which may have keys. If an id or a key is taken, or a total would pass its
/// maximum, nothing is stored.
fn store(
    connection: &mut PgConnection,
    new: &[(&TimeEntry, Option<&Idempotency>)],
) -> Result<HashSet<Uuid>, Failure<BackendError>> {
    if new.is_empty() {
        return Ok(HashSet::new());
    }
    let entries: Vec<&TimeEntry> = new.iter().map(|(entry, _)| *entry).collect();
    let keys: Vec<_> = new.iter().filter_map(|(entry, key)| Some((*entry, (*key)?))).collect();
    let stored = match entries.iter().map(|entry| entry.created_at).max() {
        Some(at) if !keys.is_empty() => {
            let ids: Vec<Uuid> = keys.iter().map(|(entry, _)| entry.id.as_uuid()).collect();
            let keys = keys
                .iter()
                .map(|(entry, key)| (key.token, &key.key, key.fingerprint, StoredOutcome::from(*entry).to_text()));
            let sql = bind_keys(bind_new(Sql::<RecordOnce>::constant(), &entries), at, keys);
            sql.bind::<Array<SqlUuid>, _>(ids).load(connection)
        }
        _ => bind_new(Sql::<Record>::constant(), &entries).load(connection),
    };
    match stored.map_err(Failure::from) {
        Err(failure) if failure.is_unique_violation() || failure.is_check_violation() => Ok(HashSet::new()),
        stored => Ok(stored?.into_iter().collect()),
    }
}

/// Binds the parameters that both statements start with.
fn bind_new<'a, N>(sql: Sql<'a, N>, entries: &[&'a TimeEntry]) -> Sql<'a, N> {
    let mut additions: BTreeMap<JobId, Addition> = BTreeMap::new();
    for entry in entries {
        let nothing = Addition { minutes: 0, versions: 0, at: entry.created_at };
        let addition = additions.entry(entry.related_job).or_insert(nothing);
        addition.minutes += i64::from(entry.minutes_worked.get());
        addition.versions += 1;
        addition.at = addition.at.max(entry.created_at);
    }
    let jobs: Vec<Uuid> = additions.keys().map(|job| job.as_uuid()).collect();
    let sql = sql
        .bind::<Array<SqlUuid>, _>(jobs)
        .bind::<Array<BigInt>, _>(additions.values().map(|addition| addition.minutes).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(additions.values().map(|addition| addition.versions).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(additions.values().map(|addition| timestamptz(addition.at)).collect::<Vec<_>>());
    bind_entries(sql, entries)
}
