//! The model: the rules of the ports' docs, over plain lists. It keeps no totals and has no transactions.

use std::cmp::Reverse;
use std::fmt::Debug;

use stint_domain::ledger::ports::job::{ChangeJobError, CreateJobError, EntriesOfDeleted};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, NewTimeEntry, PutTimeEntry, RecordBatch,
    RecordBatchError, RecordRefusal, RecordTimeError, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::ledger::{Idempotency, Job, JobName, JobStatus, Precondition, TimeEntry, TotalMinutes};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp, Version};

use super::command::{Answer, Command};

#[derive(Default)]
pub(super) struct Reference {
    jobs: Vec<Job>,
    entries: Vec<TimeEntry>,
    keys: Vec<(Idempotency, Operation, Answer)>,
}

/// The operation that a key was used for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    CreateJob,
    Record,
    Batch,
}

impl Reference {
    /// The right answer to the command.
    pub(super) fn apply(&mut self, command: Command) -> Answer {
        match command {
            Command::CreateJob(c) => {
                self.once(Operation::CreateJob, c.idempotency, CreateJobError::KeyReused, |model| {
                    match model.find_job(c.id) {
                        Some(job) if job.name == c.name && job.status == c.status => Answer::Job(model.job(c.id)),
                        Some(_) => Answer::refused(CreateJobError::IdTaken(c.id)),
                        None => model.add_job(c.id, c.name, c.status, c.at),
                    }
                })
            }
            Command::PutJob(c) => match c.precondition.check(self.find_job(c.id).map(|job| job.version)) {
                Err(failed) => Answer::refused(ChangeJobError::from(failed)),
                Ok(()) if self.find_job(c.id).is_none() => self.add_job(c.id, c.name, c.status, c.at),
                Ok(()) => self.change_job(c.id, Some(&c.name), Some(c.status), c.at),
            },
            Command::UpdateJob(c) => match self.changeable(c.id, &c.precondition) {
                Err(refused) => Answer::refused(refused),
                Ok(()) if c.changes.is_empty() => Answer::Job(self.job(c.id)),
                Ok(()) => self.change_job(c.id, c.changes.name.as_ref(), c.changes.status, c.at),
            },
            Command::DeleteJob(c) => match self.changeable(c.id, &c.precondition) {
                Err(refused) => Answer::refused(refused),
                Ok(()) if c.entries == EntriesOfDeleted::Refuse && self.total(c.id) > 0 => {
                    Answer::refused(ChangeJobError::HasEntries(c.id))
                }
                Ok(()) => {
                    self.jobs.retain(|job| job.id != c.id);
                    self.entries.retain(|entry| entry.related_job != c.id);
                    Answer::Done
                }
            },
            Command::Record(c) => self.once(Operation::Record, c.idempotency, RecordTimeError::KeyReused, |model| {
                let mut touched = Vec::new();
                let outcome = model.record(c.entry, c.at, &mut touched);
                model.touch(&touched, c.at);
                outcome.map_or_else(|why| Answer::refused(RecordTimeError::Refused(why)), Answer::Entry)
            }),
            Command::Batch(c) => {
                self.once(Operation::Batch, c.idempotency.clone(), RecordBatchError::KeyReused, |model| {
                    model.record_batch(c)
                })
            }
            Command::PutEntry(c) => Answer::of(self.put_entry(c)),
            Command::UpdateEntry(c) => Answer::of(self.update_entry(c)),
            Command::DeleteEntry(c) => Answer::of(self.delete_entry(&c)),
        }
    }

    /// All jobs, in the order of the listing.
    pub(super) fn jobs(&self) -> Vec<Job> {
        let mut jobs: Vec<Job> = self.jobs.iter().map(|job| self.job(job.id)).collect();
        jobs.sort_by_key(|job| Reverse((job.created_at, job.id)));
        jobs
    }

    /// All entries, in the order of the listing.
    pub(super) fn entries(&self) -> Vec<TimeEntry> {
        let mut entries = self.entries.clone();
        entries.sort_by_key(|entry| Reverse((entry.date_stamp, entry.id)));
        entries
    }

    /// Does a write once per key. A refused write leaves the key free, and a key of another operation is refused.
    fn once(
        &mut self,
        operation: Operation,
        key: Option<Idempotency>,
        reused: impl Debug,
        write: impl FnOnce(&mut Self) -> Answer,
    ) -> Answer {
        let Some(key) = key else { return write(self) };
        let earlier = self.keys.iter().find(|(earlier, ..)| earlier.key == key.key);
        match earlier {
            Some((earlier, of, answer)) if (earlier.fingerprint, *of) == (key.fingerprint, operation) => answer.clone(),
            Some(_) => Answer::refused(reused),
            None => {
                let answer = write(self);
                if !matches!(answer, Answer::Refused(_)) {
                    self.keys.push((key, operation, answer.clone()));
                }
                answer
            }
        }
    }

    fn record_batch(&mut self, command: RecordBatch) -> Answer {
        let (before, mut touched) = (self.entries.clone(), Vec::new());
        let outcome: BatchOutcome =
            command.entries.into_iter().map(|entry| self.record(entry, command.at, &mut touched)).collect();
        let refusals: Vec<_> =
            outcome.iter().enumerate().filter_map(|(place, one)| one.as_ref().err().map(|why| (place, *why))).collect();
        if command.mode == BatchMode::Atomic && !refusals.is_empty() {
            self.entries = before;
            return Answer::refused(RecordBatchError::Refused(refusals));
        }
        self.touch(&touched, command.at);
        Answer::Batch(outcome)
    }

    fn put_entry(&mut self, command: PutTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        let PutTimeEntry { entry: new, owner, at, precondition } = command;
        let stored = self.find_entry(new.id).cloned();
        if stored.as_ref().is_some_and(|entry| owner.is_some_and(|owner| entry.created_by != owner)) {
            return Err(ChangeTimeEntryError::NotFound(new.id));
        }
        precondition.check(stored.as_ref().map(|entry| entry.version))?;
        let from = stored.as_ref().map_or(new.related_job, |entry| entry.related_job);
        let jobs = self.open_jobs([from, new.related_job])?;
        let entry = match stored {
            None => new.stored(at),
            Some(stored) => TimeEntry {
                created_by: stored.created_by,
                created_at: stored.created_at,
                version: stored.version.next(),
                ..new.stored(at)
            },
        };
        Ok(self.store(entry, &jobs, at))
    }

    fn update_entry(&mut self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        let UpdateTimeEntry { id, changes, owner, at, precondition } = command;
        let mut entry = self.find_owned(id, owner.as_ref())?;
        precondition.check(Some(entry.version))?;
        let jobs = self.open_jobs([entry.related_job, changes.related_job.unwrap_or(entry.related_job)])?;
        if changes.is_empty() {
            return Ok(entry);
        }
        let TimeEntryChanges { related_job: _, minutes_worked, date_stamp, work_summary } = changes;
        entry.related_job = jobs[1];
        entry.minutes_worked = minutes_worked.unwrap_or(entry.minutes_worked);
        entry.date_stamp = date_stamp.unwrap_or(entry.date_stamp);
        entry.work_summary = work_summary.unwrap_or(entry.work_summary);
        entry.version = entry.version.next();
        entry.updated_at = at;
        Ok(self.store(entry, &jobs, at))
    }

    fn delete_entry(&mut self, command: &DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        let entry = self.find_owned(command.id, command.owner.as_ref())?;
        command.precondition.check(Some(entry.version))?;
        if self.closed(entry.related_job) {
            return Err(ChangeTimeEntryError::JobArchived(entry.related_job));
        }
        self.entries.retain(|other| other.id != command.id);
        self.touch(&[entry.related_job], command.at);
        Ok(())
    }

    fn find_owned(&self, id: TimeEntryId, owner: Option<&Subject>) -> Result<TimeEntry, ChangeTimeEntryError> {
        let found = self.find_entry(id).filter(|entry| owner.is_none_or(|owner| entry.created_by == *owner));
        found.cloned().ok_or(ChangeTimeEntryError::NotFound(id))
    }

    /// An entry's own job and the one that it gets, if that exists and both are open.
    fn open_jobs(&self, jobs: [JobId; 2]) -> Result<[JobId; 2], ChangeTimeEntryError> {
        self.find_job(jobs[1]).ok_or(ChangeTimeEntryError::JobNotFound(jobs[1]))?;
        let closed = jobs.into_iter().find(|job| self.closed(*job));
        closed.map_or(Ok(jobs), |closed| Err(ChangeTimeEntryError::JobArchived(closed)))
    }

    /// Fails unless the job exists and the precondition holds.
    fn changeable(&self, id: JobId, precondition: &Precondition) -> Result<(), ChangeJobError> {
        let job = self.find_job(id).ok_or(ChangeJobError::NotFound(id))?;
        Ok(precondition.check(Some(job.version))?)
    }

    fn store(&mut self, entry: TimeEntry, jobs: &[JobId], at: Timestamp) -> TimeEntry {
        self.entries.retain(|other| other.id != entry.id);
        self.entries.push(entry.clone());
        self.touch(jobs, at);
        entry
    }

    /// Stores one new entry, and adds its job to `touched`.
    fn record(
        &mut self,
        new: NewTimeEntry,
        at: Timestamp,
        touched: &mut Vec<JobId>,
    ) -> Result<TimeEntry, RecordRefusal> {
        match self.find_entry(new.id) {
            Some(stored) if new.is(stored) => return Ok(stored.clone()),
            Some(_) => return Err(RecordRefusal::IdTaken(new.id)),
            None if self.find_job(new.related_job).is_none() => {
                return Err(RecordRefusal::JobNotFound(new.related_job));
            }
            None if self.closed(new.related_job) => return Err(RecordRefusal::JobArchived(new.related_job)),
            None => {}
        }
        let entry = new.stored(at);
        self.entries.push(entry.clone());
        touched.push(entry.related_job);
        Ok(entry)
    }

    fn add_job(&mut self, id: JobId, name: JobName, status: JobStatus, at: Timestamp) -> Answer {
        let (total_minutes, version) = (TotalMinutes::ZERO, Version::initial(at));
        self.jobs.push(Job { id, name, status, total_minutes, version, created_at: at, updated_at: at });
        Answer::Job(self.job(id))
    }

    fn change_job(&mut self, id: JobId, name: Option<&JobName>, status: Option<JobStatus>, at: Timestamp) -> Answer {
        for job in self.jobs.iter_mut().filter(|job| job.id == id) {
            job.name = name.unwrap_or(&job.name).clone();
            job.status = status.unwrap_or(job.status);
        }
        self.touch(&[id], at);
        Answer::Job(self.job(id))
    }

    /// One write changes each of its jobs once, even when it names a job several times.
    fn touch(&mut self, touched: &[JobId], at: Timestamp) {
        for job in self.jobs.iter_mut().filter(|job| touched.contains(&job.id)) {
            job.version = job.version.next();
            job.updated_at = at;
        }
    }

    fn find_job(&self, id: JobId) -> Option<&Job> {
        self.jobs.iter().find(|job| job.id == id)
    }

    fn find_entry(&self, id: TimeEntryId) -> Option<&TimeEntry> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// An existing job, with its total added up.
    fn job(&self, id: JobId) -> Job {
        let total_minutes = TotalMinutes::new(self.total(id)).unwrap();
        Job { total_minutes, ..self.find_job(id).unwrap().clone() }
    }

    fn total(&self, job: JobId) -> i64 {
        self.entries
            .iter()
            .filter(|entry| entry.related_job == job)
            .map(|entry| i64::from(entry.minutes_worked.get()))
            .sum()
    }

    fn closed(&self, job: JobId) -> bool {
        self.find_job(job).is_some_and(|job| job.status == JobStatus::Archived)
    }
}
