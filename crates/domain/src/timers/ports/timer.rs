//! The port that stores timers.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::ledger::{Precondition, PreconditionFailed, TimeEntry, WorkSummary};
use crate::timers::{Timer, TimerEnd, TimerEndError};
use crate::values::{JobId, PersonId, TimeEntryId, TimerId, Timestamp};

/// Stores timers, and logs their time.
///
/// Duties of an implementation, beside those of each method:
/// - Timers are in the same backend as people and the ledger. A person has at most one running timer, whoever writes at
///   the same time.
/// - A deactivation of a person
///   ([`PersonRepository::update`](crate::people::ports::PersonRepository::update)) throws the running timer away in the
///   same transaction, also one that is started at the same time.
/// - Time is logged as new entries of the person's handle: one for each of [`Timer::parts`], in the person's zone at
///   that moment, with the ids [`TimeEntryId::of_timer`]. The timer ends in the same transaction. The job is changed
///   once. The duties of [`TimeEntryRepository`](crate::ledger::ports::TimeEntryRepository) hold for these entries.
/// - A new timer has the version [`Version::initial`](crate::values::Version::initial) of the command's `at`. Every
///   change sets the next version.
/// - A running timer survives the archiving and the deletion of its job.
/// - When several refusals apply, the answer is the first in the order of the error's variants.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TimerRepository: Send + Sync {
    /// Starts a timer. One that runs ends at the start of the new one, and its time is logged. Of several timers that a
    /// person starts at the same time, one runs afterwards.
    async fn start(&self, command: StartTimer) -> Result<Started, StartTimerError>;

    /// Changes the given fields of the person's running timer. Without any field it stays as it is; refusals apply all
    /// the same.
    async fn update(&self, command: UpdateTimer) -> Result<Timer, UpdateTimerError>;

    /// Ends the person's timer with this id, and logs its time. For a timer that has ended it changes nothing and
    /// returns the same entries, as far as they still exist.
    async fn stop(&self, command: StopTimer) -> Result<StoppedTimer, StopTimerError>;

    /// Throws the person's running timer away: nothing is logged, and the timer was never there.
    async fn discard(&self, command: DiscardTimer) -> Result<(), DiscardTimerError>;

    /// The person's running timer.
    async fn find(&self, person: PersonId) -> Result<Option<Timer>, BackendError>;
}

/// Starts a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StartTimer {
    /// A new id.
    pub id: TimerId,
    /// Whose timer it is.
    pub person: PersonId,
    /// The job that gets the time; it must be open.
    pub related_job: JobId,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// Since when it runs; `None` means `at`, or the start of the timer that runs if that is later.
    pub started_at: Option<Timestamp>,
    /// The time of the write.
    pub at: Timestamp,
}

impl StartTimer {
    /// The timer right after its start at this moment.
    pub fn timer(&self, started_at: Timestamp) -> Timer {
        Timer {
            id: self.id,
            person: self.person,
            related_job: self.related_job,
            work_summary: self.work_summary.clone(),
            started_at,
            version: crate::values::Version::initial(self.at),
        }
    }
}

/// A new timer, and the one that ended for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Started {
    /// It runs now.
    pub timer: Timer,
    /// It ran before.
    pub stopped: Option<StoppedTimer>,
}

/// A timer that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoppedTimer {
    /// Which one.
    pub id: TimerId,
    /// How many minutes were logged at its end.
    pub minutes: u32,
    /// The entries that were made, in order, as they are now; deleted ones are left out.
    pub entries: Vec<TimeEntry>,
}

/// Changes a running timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateTimer {
    /// Whose.
    pub person: PersonId,
    /// The new values.
    pub changes: TimerChanges,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// The fields of a timer to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimerChanges {
    /// Another job, which must be open.
    pub related_job: Option<JobId>,
    /// Another description.
    pub work_summary: Option<WorkSummary>,
    /// Another start.
    pub started_at: Option<Timestamp>,
}

impl TimerChanges {
    /// Whether no field is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Ends a timer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StopTimer {
    /// Whose.
    pub person: PersonId,
    /// Which one.
    pub id: TimerId,
    /// When the work ended.
    pub end: TimerEnd,
    /// Another job for the time; `None` means the timer's.
    pub related_job: Option<JobId>,
    /// The time of the write.
    pub at: Timestamp,
}

/// Throws a running timer away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscardTimer {
    /// Whose.
    pub person: PersonId,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// Why the time of a timer is not logged. The timer goes on.
#[derive(Debug, Clone, Error)]
pub enum NotLogged {
    /// It does not end as told.
    #[error(transparent)]
    End(#[from] TimerEndError),
    /// Its job, or the one that was given instead, does not exist.
    #[error("there is no job {0}; give another `related_job`")]
    JobNotFound(JobId),
    /// Its job, or the one that was given instead, is archived.
    #[error("the job {0} is archived; give another `related_job`")]
    JobArchived(JobId),
    /// Another entry has the id of one of its entries.
    #[error("the id {0} of an entry of the timer is taken")]
    EntryIdTaken(TimeEntryId),
}

/// Why a timer was not started.
#[derive(Debug, Clone, Error)]
pub enum StartTimerError {
    /// The person does not exist or is deactivated.
    #[error("the person {0} is not active")]
    PersonInactive(PersonId),
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The job is archived.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The one that runs started later.
    #[error("must not be before the start of the timer that runs, {0}")]
    BeforeRunning(Timestamp),
    /// The time of the one that runs is not logged.
    #[error("the timer that runs must be stopped first: {0}")]
    Running(NotLogged),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a timer was not changed.
#[derive(Debug, Clone, Error)]
pub enum UpdateTimerError {
    /// The person has no running timer.
    #[error("no timer runs")]
    NotRunning,
    /// The current state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The job is archived.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a timer was not stopped.
#[derive(Debug, Clone, Error)]
pub enum StopTimerError {
    /// The person never had such a timer, or it was thrown away.
    #[error("there is no timer {0}")]
    NotFound(TimerId),
    /// Its time is not logged.
    #[error(transparent)]
    NotLogged(#[from] NotLogged),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a timer was not thrown away.
#[derive(Debug, Clone, Error)]
pub enum DiscardTimerError {
    /// The person has no running timer.
    #[error("no timer runs")]
    NotRunning,
    /// The current state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
