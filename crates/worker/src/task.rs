//! What a task is: a name, and an action with the same effect whether it is done once or more often.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::background::ports::task::TaskRun;
use stint_domain::values::Timestamp;
use thiserror::Error;

use crate::reason::{bounded, reason};

/// A unit of background work. A run may be stopped at any moment and begun again, so doing it twice must do no harm.
#[async_trait]
pub trait Task: Send + Sync {
    /// The task's name in settings, in the log of runs and in metrics.
    fn name(&self) -> &'static str;

    /// Runs the task, and says in a few words what it did.
    async fn run(&self, now: Timestamp) -> Result<String, TaskError>;

    /// Learns the state of the task's latest run, which may be another process's.
    fn notice(&self, _latest: &TaskRun) {}
}

/// Why a run failed, for an operator to read.
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

    /// A failure that only an operator can correct: the run is not tried again.
    pub fn lasting(reason: impl Into<String>) -> Self {
        Self { reason: bounded(reason.into()), lasting: true }
    }
}

impl From<BackendError> for TaskError {
    fn from(error: BackendError) -> Self {
        Self::passing(reason(&error))
    }
}
