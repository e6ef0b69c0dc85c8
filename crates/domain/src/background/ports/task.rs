//! The port that logs task runs and decides who may run a task.

use async_trait::async_trait;

use crate::BackendError;
use crate::page::{Page, PageSize, cursor};
use crate::values::word::words;
use crate::values::{TaskRunId, Timestamp};

/// Records every run of every task, and makes sure that only one instance runs a task at a time.
///
/// Duties of an implementation:
/// - Of any number of instances that begin the same run at the same time, exactly one may.
/// - No run of a task begins while another run of it is within its time: begun, not ended, and with an
///   [`until`](TaskRun::until) later than the command's [`at`](BeginTask::at). So of any number of different runs of
///   one task that begin at the same time, one may.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TaskLog: Send + Sync {
    /// Records that a run begins. Returns `false` when another instance has begun the same run (same task, due time
    /// and attempt), or when another run of the task is within its time. The instance that began a run gets `true`
    /// again when it repeats the call.
    async fn begin(&self, command: BeginTask) -> Result<bool, BackendError>;

    /// Records how a run ended. A run that is recorded as ended does not change any more.
    async fn end(&self, command: EndTask) -> Result<(), BackendError>;

    /// Finds the task's latest run: by due time, then by attempt.
    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError>;

    /// Lists runs, latest first: by the time they began, then by id, both descending.
    async fn list(&self, query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError>;
}

/// One run of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskRun {
    /// A new id for each run.
    pub id: TaskRunId,
    /// The task's name in the settings.
    pub task: String,
    /// The scheduled time.
    pub due: Timestamp,
    /// The attempt at this scheduled time, from 1.
    pub attempt: u32,
    /// The name of the process that runs it.
    pub instance: String,
    /// When it began, by that process's clock.
    pub started_at: Timestamp,
    /// The run's time limit. A run that has not ended by then counts as given up.
    pub until: Timestamp,
    /// `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// Running, or how it ended.
    pub state: TaskState,
    /// What it did, or why it failed; empty while it runs.
    pub detail: String,
}

words! {
    /// The state of a run.
    TaskState {
        /// It has begun and not ended.
        Running = "running",
        /// It ended well.
        Succeeded = "succeeded",
        /// It failed and will be tried again.
        Failed = "failed",
        /// It failed for the last time. An operator must look.
        Dead = "dead",
    }

    TaskStateError = "must be `running`, `succeeded`, `failed` or `dead`"
}

/// Begin a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginTask {
    /// A new id for the run.
    pub id: TaskRunId,
    /// The task's name in the settings.
    pub task: String,
    /// The scheduled time.
    pub due: Timestamp,
    /// The attempt at this scheduled time, from 1.
    pub attempt: u32,
    /// The name of the process that runs it.
    pub instance: String,
    /// When the run begins.
    pub at: Timestamp,
    /// The run's time limit.
    pub until: Timestamp,
}

/// End a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndTask {
    /// The run to end.
    pub id: TaskRunId,
    /// The final state; never [`TaskState::Running`].
    pub state: TaskState,
    /// What it did, or why it failed.
    pub detail: String,
    /// When the run ended.
    pub at: Timestamp,
}

/// The query of a page of runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListTaskRuns {
    /// Only runs of this task.
    pub task: Option<String>,
    /// Only runs in this state.
    pub state: Option<TaskState>,
    /// The most runs on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<TaskRunCursor>,
}

cursor! {
    /// The place in the listing of runs right after the run that it names.
    TaskRunCursor: after TaskRun, by started_at: Timestamp, id: TaskRunId
}
