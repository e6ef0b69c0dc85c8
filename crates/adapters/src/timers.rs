//! What writes do to timers: the port's rules that all backends share. Each backend reads what they are decided by, and
//! keeps other writers out in the meantime.

use std::collections::HashMap;

use stint_domain::BackendError;
#[cfg(feature = "memory")]
use stint_domain::ledger::WorkSummary;
use stint_domain::ledger::ports::time_entry::{BatchMode, NewTimeEntry, RecordBatch, RecordBatchError, RecordRefusal};
use stint_domain::ledger::{JobStatus, TimeEntry};
use stint_domain::people::{Person, PersonStatus};
use stint_domain::timers::ports::timer::{
    NotLogged, StartTimer, StartTimerError, Started, StopTimer, StoppedTimer, TimerChanges, UpdateTimer,
    UpdateTimerError,
};
use stint_domain::timers::{Part, Timer, TimerEnd};
#[cfg(feature = "memory")]
use stint_domain::values::PersonId;
use stint_domain::values::{JobId, TimeEntryId, TimerId, Timestamp};

use crate::ledger::Ledger;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::ledger::group::Scope;

/// A timer as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredTimer {
    pub(crate) timer: Timer,
    /// How it ended; `None` while it runs.
    pub(crate) ended: Option<Ended>,
}

impl StoredTimer {
    /// Whether it is this person's running timer.
    #[cfg(feature = "memory")]
    pub(crate) fn runs_for(&self, person: PersonId) -> bool {
        self.ended.is_none() && self.timer.person == person
    }

    /// Ends it. What its summary says is in its entries from now on.
    #[cfg(feature = "memory")]
    pub(crate) fn end(&mut self, ended: Ended) {
        self.ended = Some(ended);
        self.timer.work_summary = WorkSummary::default();
    }
}

/// How a timer ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ended {
    /// How many minutes were logged.
    pub(crate) minutes: u32,
    /// How many entries were made.
    pub(crate) entries: usize,
}

/// The end of a running timer: the entries that it makes.
pub(crate) struct Stopping {
    pub(crate) timer: TimerId,
    entries: RecordBatch,
    minutes: u32,
}

impl Stopping {
    /// As the command says.
    pub(crate) fn told(timer: &Timer, person: &Person, command: &StopTimer) -> Result<Self, NotLogged> {
        let until = timer.end(command.end, command.at)?;
        Ok(Self::at(timer, person, until, command.related_job.unwrap_or(timer.related_job), command.at))
    }

    fn at(timer: &Timer, person: &Person, until: Timestamp, related_job: JobId, at: Timestamp) -> Self {
        let parts = timer.parts(until, person.time_zone);
        let minutes = parts.iter().map(|part| u32::from(part.minutes.get())).sum();
        let entry = |(number, part): (usize, Part)| NewTimeEntry {
            id: TimeEntryId::of_timer(timer.id, number),
            related_job,
            minutes_worked: part.minutes,
            date_stamp: part.date_stamp,
            work_summary: timer.work_summary.clone(),
            created_by: person.handle.subject().clone(),
        };
        let entries = parts.into_iter().enumerate().map(entry).collect();
        let entries = RecordBatch { entries, mode: BatchMode::Atomic, at, idempotency: None };
        Self { timer: timer.id, entries, minutes }
    }

    /// The part of the ledger that it concerns.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn scope(&self) -> Scope<'_> {
        let entries = &self.entries.entries;
        Scope {
            jobs: entries.iter().map(|entry| entry.related_job).collect(),
            entries: entries.iter().map(|entry| entry.id).collect(),
            at: Some(self.entries.at),
            ..Scope::default()
        }
    }

    /// How the timer is stored afterwards.
    pub(crate) fn ended(&self) -> Ended {
        Ended { minutes: self.minutes, entries: self.entries.entries.len() }
    }

    /// Logs the time. A refusal leaves no trace.
    pub(crate) fn log<E>(&self, ledger: &mut Ledger, refused: fn(NotLogged) -> E) -> Result<StoppedTimer, E>
    where
        E: From<BackendError>,
    {
        let outcome = match ledger.record_batch(&self.entries) {
            Ok(applied) => applied.outcome,
            Err(RecordBatchError::Refused(refusals)) => match refusals.first() {
                Some((_, refusal)) => return Err(refused(not_logged(*refusal))),
                None => return Err(ledger.internal("a batch was refused for no reason").into()),
            },
            Err(RecordBatchError::Backend(error)) => return Err(error.into()),
            // There is no key.
            Err(error @ RecordBatchError::KeyReused) => return Err(ledger.internal(error).into()),
        };
        let entries: Vec<TimeEntry> = outcome.into_iter().flatten().collect();
        Ok(StoppedTimer { id: self.timer, minutes: self.minutes, entries })
    }
}

fn not_logged(refusal: RecordRefusal) -> NotLogged {
    match refusal {
        RecordRefusal::IdTaken(id) => NotLogged::EntryIdTaken(id),
        RecordRefusal::JobNotFound(id) => NotLogged::JobNotFound(id),
        RecordRefusal::JobArchived(id) => NotLogged::JobArchived(id),
    }
}

/// The ids of the entries that a timer made, in order.
pub(crate) fn made(timer: TimerId, ended: Ended) -> impl Iterator<Item = TimeEntryId> {
    (0..ended.entries).map(move |part| TimeEntryId::of_timer(timer, part))
}

/// The answer for a person's timer that has ended, from those of its entries that exist, in any order. Somebody else may
/// have stored another entry under the id of one that was deleted.
pub(crate) fn stopped(timer: TimerId, person: &Person, ended: Ended, mut entries: Vec<TimeEntry>) -> StoppedTimer {
    entries.retain(|entry| entry.created_by == *person.handle.subject());
    let places: HashMap<TimeEntryId, usize> = made(timer, ended).zip(0..).collect();
    entries.sort_by_key(|entry| places.get(&entry.id).copied());
    StoppedTimer { id: timer, minutes: ended.minutes, entries }
}

/// The start of a timer, and the end of the one that runs.
pub(crate) struct Starting<'a> {
    command: &'a StartTimer,
    started_at: Timestamp,
    running: Option<Result<Stopping, StartTimerError>>,
}

impl<'a> Starting<'a> {
    /// Fails unless the person is there and active.
    pub(crate) fn of(
        command: &'a StartTimer,
        person: Option<&Person>,
        running: Option<&Timer>,
    ) -> Result<Self, StartTimerError> {
        let active = person.filter(|person| person.status == PersonStatus::Active);
        let person = active.ok_or(StartTimerError::PersonInactive(command.person))?;
        // A write that waited may have an earlier time than the one before it.
        let now = running.map_or(command.at, |running| command.at.max(running.started_at));
        let started_at = command.started_at.unwrap_or(now);
        // Where the new one starts, the other one ends.
        let stopping = |running: &Timer| match running.end(TimerEnd::Now, started_at) {
            _ if started_at < running.started_at => Err(StartTimerError::BeforeRunning(running.started_at)),
            Ok(until) => Ok(Stopping::at(running, person, until, running.related_job, command.at)),
            Err(error) => Err(StartTimerError::Running(error.into())),
        };
        Ok(Self { command, started_at, running: running.map(stopping) })
    }

    /// The end of the one that runs, if there is one and it can end.
    pub(crate) fn stopping(&self) -> Option<&Stopping> {
        self.running.as_ref()?.as_ref().ok()
    }

    /// The part of the ledger that it concerns.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn scope(&self) -> Scope<'_> {
        let mut scope = self.stopping().map(Stopping::scope).unwrap_or_default();
        scope.jobs.insert(self.command.related_job);
        scope
    }

    /// Starts it, and logs the time of the other one. A refusal leaves no trace.
    pub(crate) fn carry_out(&self, ledger: &mut Ledger) -> Result<Started, StartTimerError> {
        let (missing, archived) = (StartTimerError::JobNotFound, StartTimerError::JobArchived);
        open(ledger, self.command.related_job, missing, archived)?;
        let stopped = match &self.running {
            None => None,
            Some(Err(refusal)) => return Err(refusal.clone()),
            Some(Ok(stopping)) => Some(stopping.log(ledger, StartTimerError::Running)?),
        };
        Ok(Started { timer: self.command.timer(self.started_at), stopped })
    }
}

/// The running timer as the command leaves it. `ledger` holds the job that the command names, if there is such a job.
pub(crate) fn updated(
    command: &UpdateTimer,
    running: Option<Timer>,
    ledger: &Ledger,
) -> Result<Timer, UpdateTimerError> {
    let timer = running.ok_or(UpdateTimerError::NotRunning)?;
    command.precondition.check(Some(timer.version))?;
    if let Some(job) = command.changes.related_job {
        open(ledger, job, UpdateTimerError::JobNotFound, UpdateTimerError::JobArchived)?;
    }
    if command.changes.is_empty() {
        return Ok(timer);
    }
    let TimerChanges { related_job, work_summary, started_at } = command.changes.clone();
    Ok(Timer {
        related_job: related_job.unwrap_or(timer.related_job),
        work_summary: work_summary.unwrap_or(timer.work_summary),
        started_at: started_at.unwrap_or(timer.started_at),
        version: timer.version.next(),
        ..timer
    })
}

fn open<E>(ledger: &Ledger, job: JobId, missing: fn(JobId) -> E, archived: fn(JobId) -> E) -> Result<(), E> {
    match ledger.jobs.get(&job).map(|job| job.status) {
        None => Err(missing(job)),
        Some(JobStatus::Archived) => Err(archived(job)),
        Some(JobStatus::Open) => Ok(()),
    }
}
