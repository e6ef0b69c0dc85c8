//! What a task is: a name, and something that is done once or more often with the same effect.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::background::ports::task::TaskRun;
use stint_domain::values::Timestamp;
use thiserror::Error;

use crate::reason::{bounded, reason};

/// A unit of background work. A run may be cut off at any moment, and begun again: doing it twice must do no harm.
#[async_trait]
pub trait Task: Send + Sync {
    /// Its name in settings, in the log of runs and in metrics.
    fn name(&self) -> &'static str;

    /// Does it, and tells in a few words what was done.
    async fn run(&self, now: Timestamp) -> Result<String, TaskError>;

    /// Learns how its latest run stands, which may have been another process's.
    fn notice(&self, _latest: &TaskRun) {}
}

/// Why a run failed, for a person to read.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{reason}")]
pub struct TaskError {
    pub(crate) reason: String,
    pub(crate) lasting: bool,
}

impl TaskError {
    /// A failure that may go away by itself: the run is tried again.
    pub fn passing(reason: impl Into<String>) -> Self {
        Self { reason: bounded(reason.into()), lasting: false }
    }

    /// A failure that only a person can end: the run is not tried again.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: bounded(reason.into()), lasting: true }
    }
}

impl From<BackendError> for TaskError {
    fn from(error: BackendError) -> Self {
        Self::passing(reason(&error))
    }
}
