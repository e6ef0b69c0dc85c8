//! Where pings become time.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::capture::{LoggedPing, Ping, PingOutcome};
use crate::ledger::JobName;
use crate::page::{Page, PageSize};
use crate::values::{DateStamp, JobId, PingId, TimeEntryId, Timestamp, TokenId};

/// Keeps pings, and the time they come to with them.
///
/// An implementation owes, beside what each method says:
/// - A ping with minutes is a time entry of its own, under its own id: minutes, the local date of `at`, the summary, the
///   subject.
/// - The others are their token's *stream*, in the order of (`at`, id), whatever their jobs. The time between two
///   neighbours that are less than the gap apart belongs to the job of the earlier one. A job's share of a local day, in
///   whole minutes (rounded down once, at most 1440), is one derived entry ([`CapturedDay`](crate::capture::CapturedDay)), whose
///   summary is that of the day's latest ping for this job that has one. Where it comes to no minute, there is no entry.
///   So no moment of a token counts twice, and a ping that comes late takes time from the job that had it.
/// - So entries and totals depend on which pings there are and not on their order, nor on how they are grouped into calls;
///   but for what a last project is ([`PingProject`](crate::capture::PingProject)).
/// - A ping whose id is known counts once: it gets its first outcome.
/// - A derived entry that somebody else deleted, or made, or gave other minutes, another date or job, is theirs: it stays
///   as it is. Another edit changes nothing of that, but a summary that somebody wrote stays.
/// - A day is closed to pings when its entry is somebody's, or its job archived or gone. A ping without minutes is ignored,
///   with that as the reason, when its own day is closed, or when it would take time from a closed day of another job.
///   Other time for a closed day is dropped, and does not come back when the job is opened again.
/// - Pings, entries, totals and when a token was last used change in one transaction.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PingRepository: Send + Sync {
    /// Logs all pings, and tells what became of each, in order.
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError>;

    /// Takes back a ping and the time that it proves, whatever became of it; again has no effect. The time goes back to the
    /// pings around it, as if this one had never been sent. Refused, without any effect, when its own day is somebody's or
    /// its job is archived; or when another job's time would change that is archived, or become less on a day that is
    /// somebody's.
    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError>;

    /// The ping, if it was logged.
    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError>;

    /// Logged pings, latest first: by `received_at`, then by id, both descending. Stable as other listings are.
    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError>;

    /// How much time the token's pings without minutes prove on these days, for each job: by day, then by the job's id.
    /// Where there is none, nothing is told.
    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError>;
}

/// Log pings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogPings {
    /// The pings.
    pub pings: Vec<Ping>,
    /// The present moment.
    pub at: Timestamp,
}

/// Take back a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetractPing {
    /// Which.
    pub id: PingId,
    /// The present moment.
    pub at: Timestamp,
}

/// Which pings, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListPings {
    /// Only those of this token.
    pub token: Option<TokenId>,
    /// Only those for this job.
    pub related_job: Option<JobId>,
    /// Only those with such an outcome.
    pub status: Option<PingStatus>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<PingCursor>,
}

/// The kind of outcome that a ping had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PingStatus {
    /// It counts.
    Logged,
    /// It does not count.
    Ignored,
    /// It was taken back.
    Retracted,
}

/// Text that names no status.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `logged`, `ignored` or `retracted`")]
pub struct PingStatusError;

impl PingStatus {
    /// The word for it, in JSON and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logged => "logged",
            Self::Ignored => "ignored",
            Self::Retracted => "retracted",
        }
    }
}

impl std::fmt::Display for PingStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for PingStatus {
    type Err = PingStatusError;

    fn from_str(text: &str) -> Result<Self, PingStatusError> {
        [Self::Logged, Self::Ignored, Self::Retracted]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(PingStatusError)
    }
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

/// A place in the listing of pings: right after the ping that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PingCursor {
    /// When it came in.
    pub received_at: Timestamp,
    /// Its id, which breaks ties.
    pub id: PingId,
}

impl From<&LoggedPing> for PingCursor {
    fn from(ping: &LoggedPing) -> Self {
        Self { received_at: ping.received_at, id: ping.id }
    }
}

/// Which token's captured time, and of which days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCaptured {
    /// The token.
    pub token: TokenId,
    /// The first day.
    pub from: DateStamp,
    /// The last day; the first one or a later one.
    pub to: DateStamp,
}

/// How much time a token's pings without minutes prove on one day for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapturedTime {
    /// The day, where the token is.
    pub day: DateStamp,
    /// The job.
    pub job: JobId,
    /// What the job is called; none, when it is gone.
    pub name: Option<JobName>,
    /// Microseconds, not yet rounded; never 0.
    pub micros: u64,
}

/// Why a ping was not taken back.
#[derive(Debug, Clone, Error)]
pub enum RetractPingError {
    /// There is no such ping.
    #[error("there is no ping {0}")]
    NotFound(PingId),
    /// Its job takes no edits, or that of the time before it.
    #[error("the job {0} is archived")]
    JobArchived(JobId),
    /// Somebody changed or deleted the entry that it counts as or towards, or that of the time before it: it is theirs to
    /// change again.
    #[error("the time entry {0} was changed by hand since")]
    EntryDetached(TimeEntryId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
