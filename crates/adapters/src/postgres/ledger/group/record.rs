//! New entries, alone or in batches: one statement.
//!
//! It stores an entry, and the outcome under its key if it has one, when the entry's job exists and is open. The
//! general way finds out why an entry was not stored (its job, its job's total, or a taken id or key), and what its
//! caller is told.
//!
//! Entries that come alone are stored or not, each by itself, so their statement commits by itself. A batch may need
//! all of its entries. So where there is one, either all of the group is stored, or the statement is undone and the
//! general way does everything.

use std::collections::{BTreeMap, HashSet};
use std::slice;

use diesel::sql_types::{Array, BigInt, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

use super::decide::{self, Locks};
use super::keys::bind_keys;
use super::statements::{Record, RecordOnce, bind_entries};
use crate::ledger::stored_outcome::StoredOutcome;
use crate::ledger::{Attempted, Outcome, Write, Written};
use crate::postgres::attempt::{Doubt, Failure, Repeat, attempt_in, transaction};
use crate::postgres::error::is_locked;
use crate::postgres::rows::timestamptz;
use crate::postgres::session::Session;
use crate::postgres::sql::Sql;

/// Writes that store new entries only.
pub(super) struct NewEntries<'a>(Vec<New<'a>>);

/// One of them, with its entries as they are stored.
struct New<'a> {
    write: &'a Write,
    entries: Vec<TimeEntry>,
}

/// What is added to a job: minutes, and one version for each write.
struct Addition {
    minutes: i64,
    versions: i64,
    at: Timestamp,
}

/// Why the entries were not stored.
enum NotStored {
    /// Some were, so this was undone.
    Partly,
    Failed(BackendError),
}

impl From<BackendError> for NotStored {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

impl<'a> NewEntries<'a> {
    /// The entries of the writes, if each stores new ones and all ids differ.
    pub(super) fn of(writes: &'a [Write]) -> Option<Self> {
        let new: Vec<New<'a>> = writes.iter().map(New::of).collect::<Option<_>>()?;
        let ids = new.iter().flat_map(|new| new.entries.iter().map(|entry| entry.id.as_uuid()));
        let number: usize = new.iter().map(|new| new.entries.len()).sum();
        (ids.collect::<HashSet<_>>().len() == number).then_some(Self(new))
    }
}

impl<'a> New<'a> {
    fn of(write: &'a Write) -> Option<Self> {
        let entries: Vec<_> = match write {
            Write::Record(record) => vec![record.entry.clone().stored(record.at)],
            Write::Batch(batch) => batch.entries.iter().map(|entry| entry.clone().stored(batch.at)).collect(),
            Write::Put(_) | Write::Update(_) | Write::Delete(_) => return None,
        };
        (!entries.is_empty()).then_some(Self { write, entries })
    }

    /// The held job that it needs, if any.
    fn held(&self, held: &HashSet<JobId>) -> Option<JobId> {
        self.entries.iter().map(|entry| entry.related_job).find(|job| held.contains(job))
    }

    fn is_in(&self, stored: &HashSet<Uuid>) -> bool {
        self.entries.iter().all(|entry| stored.contains(&entry.id.as_uuid()))
    }

    /// What is stored under its key when its entries are stored.
    fn outcome(&self) -> StoredOutcome {
        match (self.write, self.entries.as_slice()) {
            (Write::Record(_), [entry]) => entry.into(),
            _ => (&Outcome::Batch(self.entries.iter().cloned().map(Ok).collect())).into(),
        }
    }

    /// What its caller is told when its entries are stored.
    fn written(self) -> Written {
        let mut entries = self.entries;
        match self.write {
            Write::Record(_) => Written::Record(Ok(Applied::now(entries.swap_remove(0)))),
            _ => Written::Batch(Ok(Applied::now(entries.into_iter().map(Ok).collect()))),
        }
    }
}

/// Stores what can be stored, and passes the rest to the general way.
pub(super) async fn write(
    session: &mut Session,
    NewEntries(new): NewEntries<'_>,
    writes: &[Write],
    held: &HashSet<JobId>,
    doubt: &mut Doubt,
) -> Result<Vec<Attempted>, BackendError> {
    let free: Vec<&New<'_>> = new.iter().filter(|new| new.held(held).is_none()).collect();
    // Repeating it has no effect: the ids are taken.
    let stored =
        attempt_in(session, Repeat::Harmless, doubt, &free, &|connection, free| Box::pin(store(connection, free)));
    let stored = match stored.await {
        Ok(stored) => stored,
        Err(NotStored::Partly) => HashSet::new(),
        Err(NotStored::Failed(error)) if is_locked(&error) => {
            return decide::write(session, writes, held, Locks::Skip, doubt).await;
        }
        Err(NotStored::Failed(error)) => return Err(error),
    };
    let is_left = |new: &&New<'_>| new.held(held).is_none() && !new.is_in(&stored);
    let left: Vec<Write> = new.iter().filter(is_left).map(|new| new.write.clone()).collect();
    let mut left = match decide::write(session, &left, held, Locks::Await, doubt).await {
        Ok(attempted) => attempted,
        Err(error) if stored.is_empty() => return Err(error),
        // Not a failure of the whole group: the others are committed.
        Err(error) => each(session, &left, held, error).await,
    }
    .into_iter();
    let attempted = |new: New<'_>| match new.held(held) {
        Some(job) => Some(Attempted::Held(job)),
        None if new.is_in(&stored) => Some(Attempted::Done(new.written())),
        None => left.next(),
    };
    Ok(new.into_iter().filter_map(attempted).collect())
}

/// Carries out each write alone after all together `failed`, so that a failure of one write fails only that one. When
/// the database is down, it is not asked again. No batch is among them: where there is one, all were stored or none.
async fn each(session: &mut Session, writes: &[Write], held: &HashSet<JobId>, failed: BackendError) -> Vec<Attempted> {
    let (mut last, mut all) = (failed, Vec::with_capacity(writes.len()));
    for write in writes {
        let mut done = None;
        if matches!(last.kind, BackendErrorKind::Corrupt | BackendErrorKind::Internal) {
            let (alone, mut doubt) = (slice::from_ref(write), Doubt::default());
            match decide::write(session, alone, held, Locks::Await, &mut doubt).await {
                Ok(attempted) => done = attempted.into_iter().next(),
                Err(error) => last = error,
            }
        }
        all.push(done.unwrap_or_else(|| Attempted::Done(Written::Record(Err(last.clone().into())))));
    }
    all
}

/// The ids of the stored entries: all of them, if there is a batch.
async fn store(connection: &mut AsyncPgConnection, new: &[&New<'_>]) -> Result<HashSet<Uuid>, Failure<NotStored>> {
    if new.iter().all(|new| matches!(new.write, Write::Record(_))) {
        return insert(connection, new).await;
    }
    let number: usize = new.iter().map(|new| new.entries.len()).sum();
    transaction(connection, async |connection| match insert(connection, new).await? {
        stored if stored.len() == number => Ok(stored),
        _ => Err(Failure::Refused(NotStored::Partly)),
    })
    .await
}

/// Inserts entries, some of which may have keys, and returns the ids of those that are stored. If an id or a key is
/// taken, or a total would pass its maximum, nothing is stored.
async fn insert(connection: &mut AsyncPgConnection, new: &[&New<'_>]) -> Result<HashSet<Uuid>, Failure<NotStored>> {
    let entries: Vec<&TimeEntry> = new.iter().flat_map(|new| &new.entries).collect();
    let keys: Vec<_> = new.iter().filter_map(|new| Some((*new, new.write.idempotency()?))).collect();
    let stored = match entries.iter().map(|entry| entry.created_at).max() {
        None => return Ok(HashSet::new()),
        Some(at) if !keys.is_empty() => {
            let firsts: Vec<Uuid> = keys.iter().map(|(new, _)| new.entries[0].id.as_uuid()).collect();
            let keys = keys.iter().map(|(new, key)| (key.token, &key.key, key.fingerprint, new.outcome().to_text()));
            let sql = bind_keys(bind_new(Sql::<RecordOnce>::constant(), new, &entries), at, keys);
            sql.bind::<Array<SqlUuid>, _>(firsts).load(connection).await
        }
        Some(_) => bind_new(Sql::<Record>::constant(), new, &entries).load(connection).await,
    };
    match stored.map_err(Failure::from) {
        Err(failure) if failure.is_unique_violation() || failure.is_check_violation() => Ok(HashSet::new()),
        stored => Ok(stored?.into_iter().collect()),
    }
}

/// Binds the parameters that both statements start with. A write changes each of its jobs once.
fn bind_new<'a, N>(sql: Sql<'a, N>, new: &[&'a New<'_>], entries: &[&'a TimeEntry]) -> Sql<'a, N> {
    let mut additions: BTreeMap<JobId, Addition> = BTreeMap::new();
    for new in new {
        let mut changed = HashSet::with_capacity(new.entries.len());
        for entry in &new.entries {
            let nothing = Addition { minutes: 0, versions: 0, at: entry.created_at };
            let addition = additions.entry(entry.related_job).or_insert(nothing);
            addition.minutes += i64::from(entry.minutes_worked.get());
            addition.versions += i64::from(changed.insert(entry.related_job));
            addition.at = addition.at.max(entry.created_at);
        }
    }
    let jobs: Vec<Uuid> = additions.keys().map(|job| job.as_uuid()).collect();
    let sql = sql
        .bind::<Array<SqlUuid>, _>(jobs)
        .bind::<Array<BigInt>, _>(additions.values().map(|addition| addition.minutes).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(additions.values().map(|addition| addition.versions).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(additions.values().map(|addition| timestamptz(addition.at)).collect::<Vec<_>>());
    bind_entries(sql, entries)
}
