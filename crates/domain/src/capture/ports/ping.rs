//! The port that logs pings and turns them into time.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::capture::{LoggedPing, Ping, PingOutcome};
use crate::ledger::JobName;
use crate::page::{Page, PageSize, cursor};
use crate::values::word::words;
use crate::values::{DateStamp, JobId, PingId, Subject, TimeEntryId, Timestamp, TokenId};

/// Stores pings, and the time that they prove.
///
/// Duties of an implementation, beside those of each method:
/// - A ping with minutes is a time entry of its own, under its own id, with its minutes, the local date of `at`, its
///   summary and its subject.
/// - The other pings are their token's *stream*, in the order of (`at`, id), whatever their jobs. The time between
///   two neighbours that are less than the gap apart belongs to the job of the earlier one. A job's share of a local
///   day, in whole minutes (rounded down once, at most 1440), is one derived entry
///   ([`CapturedDay`](crate::capture::CapturedDay)). Its summary is that of the day's latest ping for this job that
///   has one. Where the share is less than a minute, there is no entry. So no moment of a token counts twice, and a
///   ping that comes late takes time from the job that had it.
/// - So entries and totals depend on which pings there are, and not on their order or on how they are grouped into
///   calls. The one exception is the last project ([`PingProject`](crate::capture::PingProject)).
/// - A ping whose id was logged before counts once: it gets its first outcome.
/// - A derived entry that somebody else deleted or made, or to which they gave other minutes, another date or another
///   job, is theirs: pings do not change it any more. After another edit pings go on changing it, but a summary that
///   somebody wrote stays.
/// - A day is closed to pings when its derived entry is somebody's, or when its job is archived or gone. A ping
///   without minutes is ignored, for that reason, when its own day is closed, or when it would take time from a
///   closed day of another job. Other time for a closed day is dropped, and does not come back when the job is opened
///   or created again.
/// - Pings, entries, totals and the tokens' last use change in one transaction.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PingRepository: Send + Sync {
    /// Logs all pings and returns the outcome of each, in order.
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError>;

    /// Takes back a ping and the time that it proves, whatever its outcome was; repeating this has no effect. The
    /// time goes back to the pings around it, as if this one had never been sent. It is refused without any effect
    /// when the derived entry of its own day is somebody's or its job is archived, and when another job's time would
    /// change that is archived, or shrink on a day whose derived entry is somebody's.
    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError>;

    /// Finds the ping, if it was logged.
    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError>;

    /// Lists logged pings, latest first: by `received_at`, then by id, both descending. As stable as other listings.
    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError>;

    /// Tells how much time the token's pings without minutes prove on these days, for each job: sorted by day, then
    /// by the job's id. Days without any time are left out.
    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError>;
}

/// Logs pings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPings {
    /// The pings, in any order.
    pub pings: Vec<Ping>,
    /// When they are logged.
    pub at: Timestamp,
}

/// Takes back a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetractPing {
    /// The ping to take back.
    pub id: PingId,
    /// When it is taken back.
    pub at: Timestamp,
}

/// The query of a page of pings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPings {
    /// Only pings of this token.
    pub token: Option<TokenId>,
    /// Only pings of tokens that speak for this subject.
    pub subject: Option<Subject>,
    /// Only pings for this job.
    pub related_job: Option<JobId>,
    /// Only pings with this kind of outcome.
    pub status: Option<PingStatus>,
    /// The most pings on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<PingCursor>,
}

words! {
    /// The kind of outcome of a ping.
    PingStatus {
        /// It counts.
        Logged = "logged",
        /// It does not count.
        Ignored = "ignored",
        /// It was taken back.
        Retracted = "retracted",
    }

    PingStatusError = "must be `logged`, `ignored` or `retracted`"
}

impl From<&PingOutcome> for PingStatus {
    fn from(outcome: &PingOutcome) -> Self {
        match outcome {
            PingOutcome::Logged(_) => Self::Logged,
            PingOutcome::Ignored(_) => Self::Ignored,
            PingOutcome::Retracted => Self::Retracted,
        }
    }
}

cursor! {
    /// The place in the listing of pings right after the ping that it names.
    PingCursor: after LoggedPing, by received_at: Timestamp, id: PingId
}

/// The query of a token's captured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCaptured {
    /// The capture token.
    pub token: TokenId,
    /// The first day.
    pub from: DateStamp,
    /// The last day, not before the first.
    pub to: DateStamp,
}

/// The time that a token's pings without minutes prove on one day for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedTime {
    /// The date in the token's time zone.
    pub day: DateStamp,
    /// The job that has the time.
    pub job: JobId,
    /// The job's name; `None` when the job is gone.
    pub name: Option<JobName>,
    /// In microseconds, not rounded, never 0.
    pub micros: u64,
}

/// Why a ping was not taken back.
#[derive(Debug, Clone, Error)]
pub enum RetractPingError {
    /// There is no such ping.
    #[error("there is no ping {0}")]
    NotFound(PingId),
    /// The ping's job is archived, or the job of the time before it.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// Somebody changed or deleted the entry that the ping counts as or towards, or that of the time before it. Pings
    /// no longer change such an entry.
    #[error("the time entry {0} was changed by hand since")]
    EntryDetached(TimeEntryId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
