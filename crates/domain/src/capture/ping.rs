//! The ping: one signal "work is happening now", and what becomes of it.
//!
//! A ping with minutes is a time entry. The pings without minutes of one token are its stream. The time between two
//! neighbours of the stream that are less than the token's [`Gap`] apart belongs to the job of the earlier one. A
//! job's share of a local day, in whole minutes and at most 1440, is one derived entry. So the result of a set of
//! pings does not depend on the order in which they arrive, and no moment counts twice, even across jobs.

use uuid::Uuid;

use crate::capture::Gap;
use crate::ledger::{JobName, Minutes, WorkSummary};
use crate::values::word::words;
use crate::values::{DateStamp, JobId, PingId, Subject, TimeEntryId, Timestamp, TokenId, Zone};

/// One signal "work is happening now".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ping {
    /// The same for each repeat of the ping.
    pub id: PingId,
    /// The capture token that sent it.
    pub token: TokenId,
    /// The person or program that the token speaks for.
    pub subject: Subject,
    /// The job or project that it counts for.
    pub target: PingTarget,
    /// The time zone whose midnight divides the days.
    pub zone: Zone,
    /// How far apart two pings of one span of work may be.
    pub gap: Gap,
    /// The time at which work was happening.
    pub at: Timestamp,
    /// When the ping came in.
    pub received_at: Timestamp,
    /// The length of a ping that is an entry of its own, on the date of `at`; `None` for a ping of the stream.
    pub minutes: Option<Minutes>,
    /// A description of the work.
    pub summary: Option<WorkSummary>,
}

impl Ping {
    /// The id of the job that is created for this project, if this is the first ping that names it.
    pub fn new_job_id(&self, project: &JobName) -> JobId {
        JobId::new(Uuid::new_v5(&self.id.as_uuid(), project.as_str().as_bytes()))
    }
}

/// The job or project that a ping counts for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PingTarget {
    /// A fixed job.
    Job(JobId),
    /// The job of this project for this subject.
    Project {
        /// The project's name, or the rule that finds one.
        project: PingProject,
        /// Whether a project without a job gets a new one.
        create: bool,
    },
}

/// What the sender says about the project.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PingProject {
    /// The project's name.
    Named(JobName),
    /// The sender does not know the project.
    Unnamed {
        /// Whether to use the project of the token's latest ping before this one that named one (by `at`, then by id,
        /// among the pings that count so far). It is looked up once, when this ping is logged: later pings do not change
        /// it.
        last: bool,
        /// The project to use otherwise. It does not count as a named project for later pings.
        fallback: JobName,
    },
}

impl PingProject {
    /// The project's name, if the sender gave it.
    pub fn named(&self) -> Option<&JobName> {
        match self {
            Self::Named(name) => Some(name),
            Self::Unnamed { .. } => None,
        }
    }
}

/// What the ledger did with a ping.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PingOutcome {
    /// It counts, as this entry or towards it: its own entry, or the derived entry of its day. A derived entry exists
    /// from the day's first whole minute on.
    Logged(TimeEntryId),
    /// It does not count.
    Ignored(PingRefusal),
    /// It was taken back.
    Retracted,
}

words! {
    /// Why a ping does not count. Storage and clients see these names.
    PingRefusal {
        /// The ping's job does not exist, or the job that the time after the ping belonged to is gone.
        JobNotFound = "job-not-found",
        /// The ping's job is archived, or the job that the time after the ping belongs to is archived and keeps that
        /// time.
        JobArchived = "job-archived",
        /// The project has no job, and the token may not create one.
        ProjectUnknown = "project-unknown",
        /// A person changed or deleted the derived entry of the ping's day, or of the day that has the time after it.
        /// Pings no longer change such an entry.
        EntryDetached = "entry-detached",
        /// The ping's id belongs to an entry that is not this ping's.
        IdTaken = "id-taken",
    }

    PingRefusalError = "is no reason for which a ping is ignored"
}

impl PingOutcome {
    /// The reason, if the ping was ignored.
    pub const fn refusal(self) -> Option<PingRefusal> {
        match self {
            Self::Ignored(refusal) => Some(refusal),
            Self::Logged(_) | Self::Retracted => None,
        }
    }
}

/// A ping that was logged, whatever its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedPing {
    /// The same for each repeat of the ping.
    pub id: PingId,
    /// The capture token that sent it.
    pub token: TokenId,
    /// The job that it counts for; `None` when its project has no job.
    pub related_job: Option<JobId>,
    /// The time at which work was happening.
    pub at: Timestamp,
    /// When the ping came in.
    pub received_at: Timestamp,
    /// The length of a ping that is an entry of its own.
    pub minutes: Option<Minutes>,
    /// A description of the work.
    pub summary: Option<WorkSummary>,
    /// What the ledger did with it.
    pub outcome: PingOutcome,
    /// When the ledger decided its outcome.
    pub logged_at: Timestamp,
}

/// One local day's captured time of one token for one job. Only pings without minutes count here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CapturedDay {
    /// The job that has the time.
    pub job: JobId,
    /// The token that sent the pings.
    pub token: TokenId,
    /// The date in the token's time zone.
    pub date: DateStamp,
}

impl CapturedDay {
    /// The id of the day's derived entry.
    pub fn entry_id(self) -> TimeEntryId {
        let of_job = Uuid::new_v5(&self.token.as_uuid(), self.job.as_uuid().as_bytes());
        TimeEntryId::new(Uuid::new_v5(&of_job, self.date.to_string().as_bytes()))
    }
}
