//! The port that bounds for how many new projects a token may have jobs created.

use async_trait::async_trait;

use crate::BackendError;
use crate::ledger::JobName;
use crate::values::{DateStamp, Subject, TokenId};

/// Counts the projects that have no job yet, by token and day, before a ping that names one is accepted.
///
/// It is asked when a ping comes in, not when it is logged: an accepted ping is never dropped because of this bound.
///
/// Duties of an implementation, beside that of the method:
/// - A project that has a job never counts: one that has a job for the subject, whatever the job's status, and one
///   whose name is the name of an open job.
/// - An admitted project counts once: if it is named again for the same token and day, it is admitted, whatever the
///   bound is by then.
/// - No more projects than the bound are counted for a token and a day, however many callers ask at the same time, on
///   any number of instances.
/// - Tokens and days are counted apart. When a token's later day is asked for, what was counted for its earlier days
///   may be deleted; an earlier day that is asked for late deletes nothing. The last day of a token that names no new
///   project any more stays stored: nothing else removes it, and it has no more rows than the bound.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait NewProjects: Send + Sync {
    /// Tells for each project, in order, whether a ping that names it may be accepted. Accepted are projects that are
    /// not new, projects that were counted before, and as many others as the bound leaves room for, in order; these
    /// others are counted.
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError>;
}

/// Asks whether pings may name these projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmitProjects {
    /// The token that sent the pings.
    pub token: TokenId,
    /// The person or program that the token speaks for.
    pub subject: Subject,
    /// The current date in the token's time zone.
    pub day: DateStamp,
    /// The projects, without repeats.
    pub projects: Vec<JobName>,
    /// The bound on counted projects for the token and the day.
    pub most: u32,
}
