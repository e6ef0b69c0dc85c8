//! Time entries in memory, and the totals of their jobs with them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use async_trait::async_trait;
use stint_domain::ports::job::Put;
use stint_domain::ports::time_entry::{
    BatchMode, BatchOutcome, DeleteTimeEntry, DeleteTimeEntryError, ListTimeEntries, NewTimeEntry, PutTimeEntry,
    PutTimeEntryError, RecordBatch, RecordBatchError, RecordRefusal, RecordTime, RecordTimeError, TimeEntryCursor,
    UpdateTimeEntry, UpdateTimeEntryError,
};
use stint_domain::ports::{BackendError, TimeEntryRepository};
use stint_domain::values::{TimeEntryId, Timestamp};
use stint_domain::{Applied, Page, TimeEntry};

use super::Memory;
use super::ledger::{Change, Closed, KeyReused, Ledger, Outcome};

#[async_trait]
impl TimeEntryRepository for Memory {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        let mut ledger = self.ledger();
        let earlier = ledger.earlier(command.idempotency.as_ref(), |outcome| match outcome {
            Outcome::TimeEntry(entry) => Some(entry),
            _ => None,
        })?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        let entry = match ledger.admit(&command.entry)? {
            Some(stored) => stored.clone(),
            None => ledger.insert(command.entry, command.at)?,
        };
        ledger.remember(command.idempotency, || Outcome::TimeEntry(entry.clone()));
        Ok(Applied::now(entry))
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        let mut ledger = self.ledger();
        let earlier = ledger.earlier(command.idempotency.as_ref(), |outcome| match outcome {
            Outcome::Batch(outcome) => Some(outcome),
            _ => None,
        })?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        let (outcome, new) = ledger.plan(&command.entries, command.at);
        let refusals: Vec<_> = outcome
            .iter()
            .enumerate()
            .filter_map(|(place, result)| Some((place, result.as_ref().err().copied()?)))
            .collect();
        if command.mode == BatchMode::Atomic && !refusals.is_empty() {
            return Err(RecordBatchError::Refused(refusals));
        }
        ledger.insert_all(new, command.at)?;
        ledger.remember(command.idempotency, || Outcome::Batch(outcome.clone()));
        Ok(Applied::now(outcome))
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, PutTimeEntryError> {
        let mut ledger = self.ledger();
        let stored = ledger.entries.get(&command.entry.id).cloned();
        command.precondition.check(stored.as_ref().map(|entry| entry.version))?;
        let Some(stored) = stored else {
            ledger.open(command.entry.related_job)?;
            return Ok(Put::Created(ledger.insert(command.entry, command.at)?));
        };
        let NewTimeEntry { related_job, minutes_worked, date_stamp, work_summary, .. } = command.entry;
        let wanted = TimeEntry { related_job, minutes_worked, date_stamp, work_summary, ..stored.clone() };
        ledger.both_open(&stored, &wanted)?;
        Ok(Put::Replaced(ledger.replace(&stored, wanted, command.at)?))
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, UpdateTimeEntryError> {
        let mut ledger = self.ledger();
        let stored = ledger.entries.get(&command.id).cloned().ok_or(UpdateTimeEntryError::NotFound(command.id))?;
        command.precondition.check(Some(stored.version))?;
        let unchanged = command.changes.is_empty();
        let wanted = TimeEntry {
            related_job: command.changes.related_job.unwrap_or(stored.related_job),
            minutes_worked: command.changes.minutes_worked.unwrap_or(stored.minutes_worked),
            date_stamp: command.changes.date_stamp.unwrap_or(stored.date_stamp),
            work_summary: command.changes.work_summary.unwrap_or_else(|| stored.work_summary.clone()),
            ..stored.clone()
        };
        ledger.both_open(&stored, &wanted)?;
        if unchanged {
            return Ok(stored);
        }
        Ok(ledger.replace(&stored, wanted, command.at)?)
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), DeleteTimeEntryError> {
        let mut ledger = self.ledger();
        let stored = ledger.entries.get(&command.id).cloned().ok_or(DeleteTimeEntryError::NotFound(command.id))?;
        command.precondition.check(Some(stored.version))?;
        if let Err(Closed::Archived(job)) = ledger.open(stored.related_job) {
            return Err(DeleteTimeEntryError::JobArchived(job));
        }
        ledger.touch(stored.related_job, command.at, &[Change::Remove(stored.minutes_worked)])?;
        ledger.entries.remove(&command.id);
        Ok(())
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        Ok(self.ledger().entries.get(&id).cloned())
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        let place = |entry: &TimeEntry| (Reverse(entry.date_stamp), Reverse(entry.id));
        let wanted = |entry: &&TimeEntry| {
            query.related_job.is_none_or(|job| entry.related_job == job)
                && query.dates.contains(entry.date_stamp)
                && query.created_by.as_ref().is_none_or(|subject| entry.created_by == *subject)
                && query.after.is_none_or(|after| place(entry) > (Reverse(after.date_stamp), Reverse(after.id)))
        };
        let mut entries: Vec<TimeEntry> = self.ledger().entries.values().filter(wanted).cloned().collect();
        entries.sort_by_key(place);
        Ok(Page::of(entries, query.size, |entry| entry.into()))
    }
}

impl Ledger {
    /// What becomes of each entry of a batch, and those that are to be stored.
    fn plan(&self, entries: &[NewTimeEntry], at: Timestamp) -> (BatchOutcome, BTreeMap<TimeEntryId, TimeEntry>) {
        let mut new: BTreeMap<TimeEntryId, TimeEntry> = BTreeMap::new();
        let outcome = entries.iter().map(|entry| match new.get(&entry.id) {
            Some(twin) if entry.is(twin) => Ok(twin.clone()),
            Some(twin) => Err(RecordRefusal::IdTaken(twin.id)),
            None => Ok(match self.admit(entry)? {
                Some(stored) => stored.clone(),
                None => new.entry(entry.id).or_insert(entry.clone().stored(at)).clone(),
            }),
        });
        (outcome.collect(), new)
    }

    fn insert(&mut self, entry: NewTimeEntry, at: Timestamp) -> Result<TimeEntry, BackendError> {
        let entry = entry.stored(at);
        self.touch(entry.related_job, at, &[Change::Add(entry.minutes_worked)])?;
        self.entries.insert(entry.id, entry.clone());
        Ok(entry)
    }

    fn insert_all(&mut self, new: BTreeMap<TimeEntryId, TimeEntry>, at: Timestamp) -> Result<(), BackendError> {
        let mut changes: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in new.values() {
            changes.entry(entry.related_job).or_default().push(Change::Add(entry.minutes_worked));
        }
        for (job, changes) in changes {
            self.touch(job, at, &changes)?;
        }
        self.entries.extend(new);
        Ok(())
    }

    /// Passes when neither the entry's job nor the one it would move to refuses. A job that is not there comes first.
    fn both_open(&self, stored: &TimeEntry, wanted: &TimeEntry) -> Result<(), Closed> {
        match self.open(wanted.related_job) {
            Err(Closed::NotFound(id)) => Err(Closed::NotFound(id)),
            wanted => self.open(stored.related_job).and(wanted),
        }
    }

    fn replace(&mut self, stored: &TimeEntry, wanted: TimeEntry, at: Timestamp) -> Result<TimeEntry, BackendError> {
        let (remove, add) = (Change::Remove(stored.minutes_worked), Change::Add(wanted.minutes_worked));
        if stored.related_job == wanted.related_job {
            self.touch(stored.related_job, at, &[remove, add])?;
        } else {
            self.touch(stored.related_job, at, &[remove])?;
            self.touch(wanted.related_job, at, &[add])?;
        }
        let entry = TimeEntry { version: stored.version.next(), updated_at: at, ..wanted };
        self.entries.insert(entry.id, entry.clone());
        Ok(entry)
    }
}

impl From<KeyReused> for RecordTimeError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

impl From<KeyReused> for RecordBatchError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}

impl From<Closed> for PutTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}

impl From<Closed> for UpdateTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}
