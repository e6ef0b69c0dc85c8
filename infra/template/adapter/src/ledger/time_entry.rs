//! Time entries, and the totals of their jobs with them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use async_trait::async_trait;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, NewTimeEntry, PutTimeEntry,
    RecordBatch, RecordBatchError, RecordRefusal, RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, Job, JobStatus, TimeEntry, TotalMinutes, TotalMinutesError};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp};
use stint_domain::{BackendError, Page};

use crate::Store;
use crate::store::{State, internal};

#[async_trait]
impl TimeEntryRepository for Store {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        let RecordTime { entry, at, idempotency } = command;
        self.write_once((idempotency, at), RecordTimeError::KeyReused, |state| {
            if let Some(stored) = state.admit(&entry)? {
                return Ok(stored);
            }
            let entry = state.add(entry.stored(at))?;
            state.touch([entry.related_job], at);
            Ok(entry)
        })
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        let RecordBatch { entries, mode, at, idempotency } = command;
        self.write_once((idempotency, at), RecordBatchError::KeyReused, |state| {
            let (mut outcome, mut refused, mut changed) = (Vec::new(), Vec::new(), Vec::new());
            for (place, entry) in entries.into_iter().enumerate() {
                outcome.push(match state.admit(&entry) {
                    Ok(Some(stored)) => Ok(stored),
                    Ok(None) => {
                        changed.push(entry.related_job);
                        Ok(state.add(entry.stored(at))?)
                    }
                    Err(refusal) => {
                        refused.push((place, refusal));
                        Err(refusal)
                    }
                });
            }
            if mode == BatchMode::Atomic && !refused.is_empty() {
                return Err(RecordBatchError::Refused(refused));
            }
            state.touch(changed, at);
            Ok(outcome)
        })
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        let PutTimeEntry { entry, owner, at, precondition } = command;
        self.write(|state| {
            let stored = state.entries.get(&entry.id).cloned();
            if stored.as_ref().is_some_and(|stored| !is_of(stored, owner.as_ref())) {
                return Err(ChangeTimeEntryError::NotFound(entry.id));
            }
            precondition.check(stored.as_ref().map(|stored| stored.version))?;
            let jobs = [stored.as_ref().map_or(entry.related_job, |stored| stored.related_job), entry.related_job];
            state.all_open(jobs, ChangeTimeEntryError::JobNotFound, ChangeTimeEntryError::JobArchived)?;
            let Some(stored) = stored else {
                let created = state.add(entry.stored(at))?;
                state.touch(jobs, at);
                return Ok(Put::Created(created));
            };
            let NewTimeEntry { related_job, minutes_worked, date_stamp, work_summary, .. } = entry;
            let wanted = TimeEntry { related_job, minutes_worked, date_stamp, work_summary, ..stored };
            Ok(Put::Replaced(state.replace(wanted, at)?))
        })
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        let UpdateTimeEntry { id, changes, owner, at, precondition } = command;
        self.write(|state| {
            let stored = state.entries.get(&id).filter(|stored| is_of(stored, owner.as_ref())).cloned();
            let stored = stored.ok_or(ChangeTimeEntryError::NotFound(id))?;
            precondition.check(Some(stored.version))?;
            let jobs = [stored.related_job, changes.related_job.unwrap_or(stored.related_job)];
            state.all_open(jobs, ChangeTimeEntryError::JobNotFound, ChangeTimeEntryError::JobArchived)?;
            if changes.is_empty() {
                return Ok(stored);
            }
            let wanted = TimeEntry {
                related_job: jobs[1],
                minutes_worked: changes.minutes_worked.unwrap_or(stored.minutes_worked),
                date_stamp: changes.date_stamp.unwrap_or(stored.date_stamp),
                work_summary: changes.work_summary.unwrap_or(stored.work_summary),
                ..stored
            };
            Ok(state.replace(wanted, at)?)
        })
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        let DeleteTimeEntry { id, owner, at, precondition } = command;
        self.write(|state| {
            let stored = state.entries.get(&id).filter(|stored| is_of(stored, owner.as_ref()));
            let stored = stored.ok_or(ChangeTimeEntryError::NotFound(id))?;
            precondition.check(Some(stored.version))?;
            let job = stored.related_job;
            // There is no entry without a job.
            state.all_open([job], ChangeTimeEntryError::JobArchived, ChangeTimeEntryError::JobArchived)?;
            state.remove(id)?;
            state.touch([job], at);
            Ok(())
        })
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        Ok(self.read().entries.get(&id).cloned())
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        let ListTimeEntries { related_job, dates, created_by, size, after } = query;
        let mut entries: Vec<TimeEntry> = self.read().entries.values().cloned().collect();
        entries.retain(|entry| related_job.is_none_or(|job| entry.related_job == job));
        entries.retain(|entry| dates.contains(entry.date_stamp));
        entries.retain(|entry| created_by.as_ref().is_none_or(|subject| entry.created_by == *subject));
        entries.retain(|entry| after.is_none_or(|after| (entry.date_stamp, entry.id) < (after.date_stamp, after.id)));
        entries.sort_by_key(|entry| Reverse((entry.date_stamp, entry.id)));
        Ok(Page::of(entries, size, |entry| entry.into()))
    }
}

impl State {
    /// Passes when the entry can be stored, with what is stored already when it is a repeat.
    fn admit(&self, entry: &NewTimeEntry) -> Result<Option<TimeEntry>, RecordRefusal> {
        match self.entries.get(&entry.id) {
            Some(stored) if entry.is(stored) => Ok(Some(stored.clone())),
            Some(_) => Err(RecordRefusal::IdTaken(entry.id)),
            None => {
                self.all_open([entry.related_job], RecordRefusal::JobNotFound, RecordRefusal::JobArchived)?;
                Ok(None)
            }
        }
    }

    /// Passes when all these jobs take time. One that is not there is named first.
    fn all_open<const N: usize, E>(
        &self,
        jobs: [JobId; N],
        not_found: fn(JobId) -> E,
        archived: fn(JobId) -> E,
    ) -> Result<(), E> {
        let status = |id: &JobId| self.jobs.get(id).map(|job| job.status);
        if let Some(id) = jobs.iter().find(|id| status(id).is_none()) {
            return Err(not_found(*id));
        }
        jobs.iter().find(|id| status(id) == Some(JobStatus::Archived)).map_or(Ok(()), |id| Err(archived(*id)))
    }

    /// Stores a changed entry in the place of the one with its id.
    fn replace(&mut self, wanted: TimeEntry, at: Timestamp) -> Result<TimeEntry, BackendError> {
        let before = self.remove(wanted.id)?.map(|stored| stored.related_job);
        let (version, updated_at) = (wanted.version.next(), wanted.updated_at.max(at));
        let entry = self.add(TimeEntry { version, updated_at, ..wanted })?;
        self.touch(before.into_iter().chain([entry.related_job]), at);
        Ok(entry)
    }

    /// Stores an entry and adds its minutes. Who calls this or `remove` touches the jobs at the end.
    fn add(&mut self, entry: TimeEntry) -> Result<TimeEntry, BackendError> {
        self.change_total(entry.related_job, |total| total.plus(entry.minutes_worked))?;
        self.entries.insert(entry.id, entry.clone());
        Ok(entry)
    }

    /// Takes an entry out, if it is there, and its minutes with it.
    fn remove(&mut self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        let Some(entry) = self.entries.remove(&id) else { return Ok(None) };
        self.change_total(entry.related_job, |total| total.minus(entry.minutes_worked))?;
        Ok(Some(entry))
    }

    fn change_total(
        &mut self,
        id: JobId,
        change: impl FnOnce(TotalMinutes) -> Result<TotalMinutes, TotalMinutesError>,
    ) -> Result<(), BackendError> {
        let job: &mut Job = self.jobs.get_mut(&id).ok_or_else(|| internal(format!("there is no job {id}")))?;
        job.total_minutes = change(job.total_minutes).map_err(internal)?;
        Ok(())
    }

    /// Gives each of these jobs its next version: one command is one change, however many entries it changes.
    fn touch(&mut self, jobs: impl IntoIterator<Item = JobId>, at: Timestamp) {
        for id in BTreeSet::from_iter(jobs) {
            if let Some(job) = self.jobs.get(&id).cloned() {
                self.change(job, at);
            }
        }
    }
}

/// Whether the entry is the owner's; anybody's will do without one.
fn is_of(entry: &TimeEntry, owner: Option<&Subject>) -> bool {
    owner.is_none_or(|owner| entry.created_by == *owner)
}
