//! For how many new projects a token may have jobs made.

use async_trait::async_trait;

use crate::BackendError;
use crate::ledger::JobName;
use crate::values::{DateStamp, Subject, TokenId};

/// Counts the projects that stand for no job yet, by token and day, before a ping that names one is taken.
///
/// It is asked when a ping comes in, and not when it is logged: what was taken is never dropped for it.
///
/// An implementation owes, beside what the method says:
/// - What stands for a job never counts: a project that has one for the subject, whatever its status, and one whose name
///   an open job has.
/// - What was admitted counts once: asked again for the same token and day, it is admitted, whatever the bound is by then.
/// - No more than the bound are counted for a token and a day, however many ask at once, through any number of instances.
/// - Another token and another day are counted apart. What was counted for a token's earlier days may be forgotten when
///   it is asked for a later one, and not for an earlier one that comes late. For a token that names no new project any
///   more its last day stays, which is no more than the bound: nothing else removes it.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait NewProjects: Send + Sync {
    /// Tells of each project, in order, whether a ping that names it may be taken: those that are not new, those that
    /// were counted already, and as many others as the bound leaves room for, first ones first, which are counted.
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError>;
}

/// Admit projects that pings name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdmitProjects {
    /// The token that sends them.
    pub token: TokenId,
    /// Whom it speaks for.
    pub subject: Subject,
    /// The token's present day.
    pub day: DateStamp,
    /// The projects, each once.
    pub projects: Vec<JobName>,
    /// How many may be counted for the token and the day.
    pub most: u32,
}
