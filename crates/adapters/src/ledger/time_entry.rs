//! What each write of time entries does to a ledger.

use std::collections::BTreeMap;

use stint_domain::BackendError;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, NewTimeEntry, PutTimeEntry, RecordBatch,
    RecordBatchError, RecordRefusal, RecordTime, RecordTimeError, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::{Subject, TimeEntryId, Timestamp};

use super::{Closed, Delta, KeyReused, Ledger, Outcome};

impl Ledger {
    pub(crate) fn record(&mut self, command: &RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        let key = command.idempotency.as_ref();
        let earlier = self.earlier(key, |outcome| match outcome {
            Outcome::TimeEntry(entry) => Some(entry),
            _ => None,
        })?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        let entry = match self.admit(&command.entry)? {
            Some(stored) => stored.clone(),
            None => self.insert(&command.entry, command.at)?,
        };
        self.remember(key, || Outcome::TimeEntry(entry.clone()));
        Ok(Applied::now(entry))
    }

    pub(crate) fn record_batch(&mut self, command: &RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        let key = command.idempotency.as_ref();
        let earlier = self.earlier(key, |outcome| match outcome {
            Outcome::Batch(outcome) => Some(outcome),
            _ => None,
        })?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        let (outcome, new) = self.plan(&command.entries, command.at);
        let refusals: Vec<_> = outcome
            .iter()
            .enumerate()
            .filter_map(|(place, result)| Some((place, result.as_ref().err().copied()?)))
            .collect();
        if command.mode == BatchMode::Atomic && !refusals.is_empty() {
            return Err(RecordBatchError::Refused(refusals));
        }
        self.insert_all(new, command.at)?;
        self.remember(key, || Outcome::Batch(outcome.clone()));
        Ok(Applied::now(outcome))
    }

    pub(crate) fn put(&mut self, command: &PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        let stored = self.entries.get(&command.entry.id).cloned();
        owned(stored.as_ref(), command.owner.as_ref())?;
        command.precondition.check(stored.as_ref().map(|entry| entry.version))?;
        let Some(stored) = stored else {
            self.open(command.entry.related_job)?;
            return Ok(Put::Created(self.insert(&command.entry, command.at)?));
        };
        let NewTimeEntry { related_job, minutes_worked, date_stamp, work_summary, .. } = command.entry.clone();
        let wanted = TimeEntry { related_job, minutes_worked, date_stamp, work_summary, ..stored.clone() };
        self.both_open(&stored, &wanted)?;
        Ok(Put::Replaced(self.replace(&stored, wanted, command.at)?))
    }

    pub(crate) fn update(&mut self, command: &UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        let stored = self.entries.get(&command.id).cloned().ok_or(ChangeTimeEntryError::NotFound(command.id))?;
        owned(Some(&stored), command.owner.as_ref())?;
        command.precondition.check(Some(stored.version))?;
        let changes = &command.changes;
        let wanted = TimeEntry {
            related_job: changes.related_job.unwrap_or(stored.related_job),
            minutes_worked: changes.minutes_worked.unwrap_or(stored.minutes_worked),
            date_stamp: changes.date_stamp.unwrap_or(stored.date_stamp),
            work_summary: changes.work_summary.as_ref().unwrap_or(&stored.work_summary).clone(),
            ..stored.clone()
        };
        self.both_open(&stored, &wanted)?;
        if changes.is_empty() {
            return Ok(stored);
        }
        Ok(self.replace(&stored, wanted, command.at)?)
    }

    pub(crate) fn delete(&mut self, command: &DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        let stored = self.entries.get(&command.id).ok_or(ChangeTimeEntryError::NotFound(command.id))?;
        let (job, minutes) = (stored.related_job, stored.minutes_worked);
        owned(Some(stored), command.owner.as_ref())?;
        command.precondition.check(Some(stored.version))?;
        if let Err(Closed::Archived(job)) = self.open(job) {
            return Err(ChangeTimeEntryError::JobArchived(job));
        }
        self.touch(job, command.at, &[Delta::Remove(minutes)])?;
        self.entries.remove(&command.id);
        Ok(())
    }

    /// The outcome of each entry of a batch, and the entries to be stored.
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

    fn insert(&mut self, entry: &NewTimeEntry, at: Timestamp) -> Result<TimeEntry, BackendError> {
        let entry = entry.clone().stored(at);
        self.touch(entry.related_job, at, &[Delta::Add(entry.minutes_worked)])?;
        self.entries.insert(entry.id, entry.clone());
        Ok(entry)
    }

    fn insert_all(&mut self, new: BTreeMap<TimeEntryId, TimeEntry>, at: Timestamp) -> Result<(), BackendError> {
        let mut deltas: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for entry in new.values() {
            deltas.entry(entry.related_job).or_default().push(Delta::Add(entry.minutes_worked));
        }
        self.touch_all(deltas.iter().map(|(job, deltas)| (*job, deltas.as_slice())), at)?;
        self.entries.extend(new);
        Ok(())
    }

    /// Fails unless both jobs are open, the entry's own and the one it would move to. A job that does not exist is
    /// named first.
    fn both_open(&self, stored: &TimeEntry, wanted: &TimeEntry) -> Result<(), Closed> {
        match self.open(wanted.related_job) {
            Err(Closed::NotFound(id)) => Err(Closed::NotFound(id)),
            wanted => self.open(stored.related_job).and(wanted),
        }
    }

    fn replace(&mut self, stored: &TimeEntry, wanted: TimeEntry, at: Timestamp) -> Result<TimeEntry, BackendError> {
        let (remove, add) = (Delta::Remove(stored.minutes_worked), Delta::Add(wanted.minutes_worked));
        if stored.related_job == wanted.related_job {
            self.touch(stored.related_job, at, &[remove, add])?;
        } else {
            self.touch_all([(stored.related_job, [remove].as_slice()), (wanted.related_job, &[add])], at)?;
        }
        let (version, updated_at) = (stored.version.next(), stored.updated_at.max(at));
        let entry = TimeEntry { version, updated_at, ..wanted };
        self.entries.insert(entry.id, entry.clone());
        Ok(entry)
    }
}

/// Fails when the entry is somebody else's than the owner's.
fn owned(stored: Option<&TimeEntry>, owner: Option<&Subject>) -> Result<(), ChangeTimeEntryError> {
    match (stored, owner) {
        (Some(entry), Some(owner)) if entry.created_by != *owner => Err(ChangeTimeEntryError::NotFound(entry.id)),
        _ => Ok(()),
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

impl From<Closed> for ChangeTimeEntryError {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::NotFound(job) => Self::JobNotFound(job),
            Closed::Archived(job) => Self::JobArchived(job),
        }
    }
}
