//! Task runs in memory.

use async_trait::async_trait;
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskRunCursor, TaskState};
use stint_domain::{BackendError, BackendErrorKind, Page};

use crate::memory::state::latest_first;
use crate::memory::{BACKEND, Memory};

#[async_trait]
impl TaskLog for Memory {
    async fn begin(&self, command: BeginTask) -> Result<bool, BackendError> {
        let mut runs = self.task_runs();
        let BeginTask { id, task, due, attempt, instance, at, until } = command;
        if let Some(run) = runs.iter().find(|run| (&run.task, run.due, run.attempt) == (&task, due, attempt)) {
            return Ok(run.id == id);
        }
        if runs.iter().any(|run| run.task == task && run.state == TaskState::Running && run.until > at) {
            return Ok(false);
        }
        let (state, detail) = (TaskState::Running, String::new());
        runs.push(TaskRun { id, task, due, attempt, instance, started_at: at, until, ended_at: None, state, detail });
        Ok(true)
    }

    async fn end(&self, command: EndTask) -> Result<(), BackendError> {
        let EndTask { id, state, detail, at } = command;
        if state == TaskState::Running {
            let message = format!("the run {id} cannot end as one that runs");
            return Err(BackendError::new(BACKEND, BackendErrorKind::Internal, message));
        }
        let mut runs = self.task_runs();
        if let Some(run) = runs.iter_mut().find(|run| run.id == id && run.state == TaskState::Running) {
            (run.state, run.detail, run.ended_at) = (state, detail, Some(at));
        }
        Ok(())
    }

    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError> {
        let runs = self.task_runs();
        Ok(runs.iter().filter(|run| run.task == task).max_by_key(|run| (run.due, run.attempt)).cloned())
    }

    async fn list(&self, query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        let wanted = |run: &&TaskRun| {
            query.task.as_ref().is_none_or(|task| run.task == *task)
                && query.state.is_none_or(|state| run.state == state)
        };
        Ok(latest_first(self.task_runs().iter().filter(wanted), query.after, query.size))
    }
}
