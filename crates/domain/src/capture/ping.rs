//! The ping: one signal "work is happening now", and what becomes of it.
//!
//! A ping with minutes is a time entry. The others are their token's stream: the time between two of them, one after the
//! other and less than the token's [`Gap`] apart, belongs to the job of the earlier one. What a job has of such time on a
//! local day, in whole minutes and at most 1440, is one derived entry. So what a set of pings comes to does not depend on
//! the order in which they arrive, and no moment counts twice, however many jobs they are for.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use uuid::Uuid;

use crate::capture::Gap;
use crate::ledger::{JobName, Minutes, WorkSummary};
use crate::values::{DateStamp, JobId, PingId, Subject, TimeEntryId, Timestamp, TokenId, Zone};

/// One signal "work is happening now".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// Which ping; the same for each repeat of it.
    pub id: PingId,
    /// The token that sent it.
    pub token: TokenId,
    /// Whom that speaks for.
    pub subject: Subject,
    /// What it counts for.
    pub target: PingTarget,
    /// Whose midnight divides the days.
    pub zone: Zone,
    /// How far apart signals of one span may be.
    pub gap: Gap,
    /// When work was happening.
    pub at: Timestamp,
    /// When the ping came in.
    pub received_at: Timestamp,
    /// How long, when it is an entry of its own; the date is that of `at`.
    pub minutes: Option<Minutes>,
    /// What was done.
    pub summary: Option<WorkSummary>,
}

impl Ping {
    /// The id of the job that is created for this project, if the ping is the first that names it.
    pub fn new_job_id(&self, project: &JobName) -> JobId {
        JobId::new(Uuid::new_v5(&self.id.as_uuid(), project.as_str().as_bytes()))
    }
}

/// What a ping counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PingTarget {
    /// This job.
    Job(JobId),
    /// The job that this project stands for, for this subject.
    Project {
        /// Which project.
        project: PingProject,
        /// Whether it gets a new job when it stands for none yet.
        create: bool,
    },
}

/// What a sender says of the project that a ping counts for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PingProject {
    /// Its name.
    Named(JobName),
    /// It knows none.
    Unnamed {
        /// Whether it is the one that the token's latest ping before named, if one did: by `at`, then by id, among
        /// those that are logged by then. It is looked up once: pings that come later change nothing.
        last: bool,
        /// The project that it is otherwise. A ping after this one does not take it for named.
        fallback: JobName,
    },
}

impl PingProject {
    /// The name that the sender gave.
    pub fn named(&self) -> Option<&JobName> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unnamed { .. } => None,
        }
    }
}

/// What became of a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingOutcome {
    /// It counts, as or towards this entry: its own, or the derived one of its day, which is there from the first whole
    /// minute on.
    Logged(TimeEntryId),
    /// It does not count.
    Ignored(PingRefusal),
    /// It was taken back.
    Retracted,
}

/// Why a ping does not count. The words are stored, and seen by clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PingRefusal {
    /// There is no such job, or none any more that has the time after it.
    JobNotFound,
    /// The job takes no time, or the job that has the time after it gives none up.
    JobArchived,
    /// The project stands for no job, and the token may not create one.
    ProjectUnknown,
    /// A person changed or deleted the derived entry of its day, or of the day that has the time after it; which then
    /// is theirs.
    EntryDetached,
    /// An entry that is not the ping's has its id.
    IdTaken,
}

/// Text that names no [`PingRefusal`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("is no reason for which a ping is ignored")]
pub struct PingRefusalError;

impl PingRefusal {
    /// All there are.
    pub const ALL: [Self; 5] =
        [Self::JobNotFound, Self::JobArchived, Self::ProjectUnknown, Self::EntryDetached, Self::IdTaken];

    /// The word for it, in JSON and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JobNotFound => "job-not-found",
            Self::JobArchived => "job-archived",
            Self::ProjectUnknown => "project-unknown",
            Self::EntryDetached => "entry-detached",
            Self::IdTaken => "id-taken",
        }
    }
}

impl PingOutcome {
    /// Why the ping does not count, if it was ignored.
    pub const fn refusal(self) -> Option<PingRefusal> {
        match self {
            Self::Ignored(refusal) => Some(refusal),
            Self::Logged(_) | Self::Retracted => None,
        }
    }
}

impl fmt::Display for PingRefusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PingRefusal {
    type Err = PingRefusalError;

    fn from_str(text: &str) -> Result<Self, PingRefusalError> {
        Self::ALL.into_iter().find(|refusal| refusal.as_str() == text).ok_or(PingRefusalError)
    }
}

/// A ping that the ledger has dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedPing {
    /// Which ping.
    pub id: PingId,
    /// The token that sent it.
    pub token: TokenId,
    /// The job that it counts for; none, when its project stands for none.
    pub related_job: Option<JobId>,
    /// When work was happening.
    pub at: Timestamp,
    /// When the ping came in.
    pub received_at: Timestamp,
    /// How long, when it is an entry of its own.
    pub minutes: Option<Minutes>,
    /// What was done.
    pub summary: Option<WorkSummary>,
    /// What became of it.
    pub outcome: PingOutcome,
    /// When the ledger dealt with it.
    pub logged_at: Timestamp,
}

/// A local day of what one token's pings without minutes prove for one job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapturedDay {
    /// The job.
    pub job: JobId,
    /// The token.
    pub token: TokenId,
    /// The day, where the token is.
    pub date: DateStamp,
}

impl CapturedDay {
    /// The id of the entry that is derived from it.
    pub fn entry_id(self) -> TimeEntryId {
        let of_job = Uuid::new_v5(&self.token.as_uuid(), self.job.as_uuid().as_bytes());
        TimeEntryId::new(Uuid::new_v5(&of_job, self.date.to_string().as_bytes()))
    }
}
