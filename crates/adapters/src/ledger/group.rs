//! A group of writes on a part of a ledger: which part that is, the writes in order, and the differences afterwards.
//!
//! A database that carries out a group reads what is in the group's [`Scope`], keeps other transactions from changing
//! it, calls [`Ledger::carry_out`], and stores the [`Differences`] in the same transaction.

use std::collections::BTreeSet;

use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey, Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId, Timestamp, TokenId};

use super::{Ledger, Outcome};
use crate::ledger::{Write, Written};

/// What the outcome of some writes depends on, and what they may change.
#[derive(Debug, Default)]
pub(crate) struct Scope<'a> {
    /// The jobs that the writes name. The jobs of the entries below belong to the scope, too.
    pub(crate) jobs: BTreeSet<JobId>,
    /// The entries that the writes name.
    pub(crate) entries: BTreeSet<TimeEntryId>,
    /// The keys, each once, by token and key: the order in which everybody locks them.
    pub(crate) keys: Vec<&'a Idempotency>,
    /// The latest `at` of the writes.
    pub(crate) at: Option<Timestamp>,
}

impl<'a> Scope<'a> {
    pub(crate) fn of(writes: &'a [Write]) -> Self {
        let mut scope = Self::default();
        for write in writes {
            scope.add(write);
        }
        scope.keys.sort_unstable_by_key(|key| (key.token, key.key.as_str()));
        scope.keys.dedup_by_key(|key| (key.token, key.key.as_str()));
        scope
    }

    fn add(&mut self, write: &'a Write) {
        let (id, job, at) = match write {
            Write::Record(record) => (record.entry.id, Some(record.entry.related_job), record.at),
            Write::Batch(batch) => {
                self.jobs.extend(batch.entries.iter().map(|entry| entry.related_job));
                self.entries.extend(batch.entries.iter().map(|entry| entry.id));
                self.at = self.at.max(Some(batch.at));
                self.keys.extend(&batch.idempotency);
                return;
            }
            Write::Put(put) => (put.entry.id, Some(put.entry.related_job), put.at),
            Write::Update(update) => (update.id, update.changes.related_job, update.at),
            Write::Delete(delete) => (delete.id, None, delete.at),
        };
        self.entries.insert(id);
        self.jobs.extend(job);
        self.at = self.at.max(Some(at));
        self.keys.extend(write.idempotency());
    }
}

/// What must be stored, in this order: old entries first, so that their ids are free.
#[derive(Debug)]
pub(crate) struct Differences<'a> {
    /// Entries that are gone, or that new entries with their ids replace.
    pub(crate) deleted: Vec<TimeEntryId>,
    /// Entries that were edited. Their `created_by` and `created_at` are the same.
    pub(crate) edited: Vec<&'a TimeEntry>,
    /// Entries that are new.
    pub(crate) created: Vec<&'a TimeEntry>,
    /// Jobs whose total or version changed.
    pub(crate) jobs: Vec<&'a Job>,
    /// The outcomes for new keys, by token and key.
    pub(crate) outcomes: Vec<NewOutcome<'a>>,
}

/// The outcome of a write with a new key.
#[derive(Debug)]
pub(crate) struct NewOutcome<'a> {
    pub(crate) token: TokenId,
    pub(crate) key: &'a IdempotencyKey,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) outcome: &'a Outcome,
}

impl Ledger {
    /// Carries out the writes in order and answers each. Neither a refusal nor a failure leaves a trace, so it does
    /// not affect the other writes.
    pub(crate) fn carry_out<'a>(&mut self, writes: impl IntoIterator<Item = &'a Write>) -> Vec<Written> {
        let carry_out = |write: &Write| match write {
            Write::Record(command) => Written::Record(self.record(command)),
            Write::Batch(command) => Written::Batch(self.record_batch(command)),
            Write::Put(command) => Written::Put(self.put(command)),
            Write::Update(command) => Written::Update(self.update(command)),
            Write::Delete(command) => Written::Delete(self.delete(command)),
        };
        writes.into_iter().map(carry_out).collect()
    }

    /// The differences from the ledger `before`.
    pub(crate) fn differences_from<'a>(&'a self, before: &Self) -> Differences<'a> {
        let (mut deleted, mut edited, mut created) = (Vec::new(), Vec::new(), Vec::new());
        deleted.extend(before.entries.keys().filter(|id| !self.entries.contains_key(id)));
        for (id, entry) in &self.entries {
            match before.entries.get(id) {
                Some(stored) if stored == entry => {}
                Some(stored) if (stored.created_at, &stored.created_by) == (entry.created_at, &entry.created_by) => {
                    edited.push(entry);
                }
                Some(_other) => {
                    deleted.push(*id);
                    created.push(entry);
                }
                None => created.push(entry),
            }
        }
        let jobs = self.jobs.values().filter(|job| before.jobs.get(&job.id) != Some(job)).collect();
        let new = self.outcomes.iter().filter(|(key, _)| !before.outcomes.contains_key(key));
        let outcome = |((token, key), (fingerprint, outcome)): (&'a (TokenId, IdempotencyKey), &'a (_, _))| {
            NewOutcome { token: *token, key, fingerprint: *fingerprint, outcome }
        };
        let mut outcomes: Vec<_> = new.map(outcome).collect();
        outcomes.sort_unstable_by_key(|new| (new.token, new.key.as_str()));
        Differences { deleted, edited, created, jobs, outcomes }
    }
}

#[cfg(test)]
mod tests;
