//! Runs of background tasks, and who may run them.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::page::{Page, PageSize};
use crate::values::{TaskRunId, Timestamp};

/// Records every run of every task, and sees to it that one instance at a time runs it.
///
/// An implementation owes:
/// - Of any number of instances that begin the same run at the same time, exactly one may.
/// - No run of a task begins while another one of it has begun, not ended, and still has time: its
///   [`until`](TaskRun::until) is later than the command's [`at`](BeginTask::at). So of any number of runs of one task that
///   begin at the same time, one may.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TaskLog: Send + Sync {
    /// Records that a run begins; false, when somebody else has begun it (the same task, due time and attempt), or when
    /// another run of the task still has time. Who has begun it is told so again.
    async fn begin(&self, command: BeginTask) -> Result<bool, BackendError>;

    /// Records how a run ended. A run that is recorded as ended stays as it is.
    async fn end(&self, command: EndTask) -> Result<(), BackendError>;

    /// The task's latest run: by due time, then by attempt.
    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError>;

    /// Runs, latest first: by when they began, then by id, both descending.
    async fn list(&self, query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError>;
}

/// One run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRun {
    /// Which run.
    pub id: TaskRunId,
    /// The task's name.
    pub task: String,
    /// When it was to begin.
    pub due: Timestamp,
    /// Which attempt at it this is, from 1.
    pub attempt: u32,
    /// Who ran it: the name of a process.
    pub instance: String,
    /// When it began.
    pub started_at: Timestamp,
    /// Until when it may run. One that has not ended by then was given up.
    pub until: Timestamp,
    /// When it ended, if it has.
    pub ended_at: Option<Timestamp>,
    /// How it stands.
    pub state: TaskState,
    /// What it did, or why it failed; empty while it runs.
    pub detail: String,
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// It has begun.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed, and is tried again.
    Failed,
    /// It failed for the last time: a person must look.
    Dead,
}

/// Text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `running`, `succeeded`, `failed` or `dead`")]
pub struct TaskStateError;

impl TaskState {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Running, Self::Succeeded, Self::Failed, Self::Dead];

    /// The word for it, in JSON and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }
}

impl std::fmt::Display for TaskState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for TaskState {
    type Err = TaskStateError;

    fn from_str(text: &str) -> Result<Self, TaskStateError> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(TaskStateError)
    }
}

/// Begin a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginTask {
    /// Which run, new.
    pub id: TaskRunId,
    /// The task's name.
    pub task: String,
    /// When it was to begin.
    pub due: Timestamp,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// Who runs it.
    pub instance: String,
    /// The present moment.
    pub at: Timestamp,
    /// Until when it may run.
    pub until: Timestamp,
}

/// End a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTask {
    /// Which run.
    pub id: TaskRunId,
    /// How: not [`TaskState::Running`].
    pub state: TaskState,
    /// What it did, or why it failed.
    pub detail: String,
    /// The present moment.
    pub at: Timestamp,
}

/// Which runs, and which page of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTaskRuns {
    /// Only those of this task.
    pub task: Option<String>,
    /// Only those in this state.
    pub state: Option<TaskState>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<TaskRunCursor>,
}

/// A place in the listing of runs: right after the run that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaskRunCursor {
    /// When it began.
    pub started_at: Timestamp,
    /// Its id, which breaks ties.
    pub id: TaskRunId,
}

impl From<&TaskRun> for TaskRunCursor {
    fn from(run: &TaskRun) -> Self {
        Self { started_at: run.started_at, id: run.id }
    }
}
