//! Any command of the two ports, and any answer, in a form that can be compared.

use std::fmt::Debug;

use stint_domain::ledger::ports::job::{CreateJob, DeleteJob, Put, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, DeleteTimeEntry, PutTimeEntry, RecordBatch, RecordTime, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, Job, TimeEntry};

use crate::Ledger;

/// A command of either port.
#[derive(Debug, Clone)]
pub(super) enum Command {
    CreateJob(CreateJob),
    PutJob(PutJob),
    UpdateJob(UpdateJob),
    DeleteJob(DeleteJob),
    Record(RecordTime),
    Batch(RecordBatch),
    PutEntry(PutTimeEntry),
    UpdateEntry(UpdateTimeEntry),
    DeleteEntry(DeleteTimeEntry),
}

/// The answer of a port. A refusal is compared by its debug text, because a backend's failure cannot be compared. The
/// model never gives a failure, so a failure never counts as right.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Job(Job),
    Entry(TimeEntry),
    Batch(BatchOutcome),
    Done,
    Refused(String),
}

impl Answer {
    pub(super) fn refused(refusal: impl Debug) -> Self {
        Self::Refused(format!("{refusal:?}"))
    }

    pub(super) fn of<T: Into<Self>, E: Debug>(result: Result<T, E>) -> Self {
        result.map_or_else(Self::refused, Into::into)
    }
}

impl Command {
    /// The adapter's answer.
    pub(super) async fn send_to(self, ledger: &Ledger) -> Answer {
        let (jobs, entries) = (&ledger.jobs, &ledger.time_entries);
        match self {
            Self::CreateJob(command) => Answer::of(jobs.create(command).await),
            Self::PutJob(command) => Answer::of(jobs.put(command).await),
            Self::UpdateJob(command) => Answer::of(jobs.update(command).await),
            Self::DeleteJob(command) => Answer::of(jobs.delete(command).await),
            Self::Record(command) => Answer::of(entries.record(command).await),
            Self::Batch(command) => Answer::of(entries.record_batch(command).await),
            Self::PutEntry(command) => Answer::of(entries.put(command).await),
            Self::UpdateEntry(command) => Answer::of(entries.update(command).await),
            Self::DeleteEntry(command) => Answer::of(entries.delete(command).await),
        }
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Done
    }
}

impl From<Job> for Answer {
    fn from(job: Job) -> Self {
        Self::Job(job)
    }
}

impl From<TimeEntry> for Answer {
    fn from(entry: TimeEntry) -> Self {
        Self::Entry(entry)
    }
}

impl From<BatchOutcome> for Answer {
    fn from(outcome: BatchOutcome) -> Self {
        Self::Batch(outcome)
    }
}

/// The version shows whether a put created something.
impl<T: Into<Answer>> From<Put<T>> for Answer {
    fn from(put: Put<T>) -> Self {
        match put {
            Put::Created(it) | Put::Replaced(it) => it.into(),
        }
    }
}

/// Other clauses check whether it was replayed.
impl<T: Into<Answer>> From<Applied<T>> for Answer {
    fn from(applied: Applied<T>) -> Self {
        applied.outcome.into()
    }
}
