//! Use cases on runs of background tasks: reading them. Only a worker begins and ends runs.

use std::sync::Arc;

use crate::access::{Principal, Scope};
use crate::background::ports::TaskLog;
use crate::background::ports::task::{ListTaskRuns, TaskRun, TaskRunCursor};
use crate::page::Page;
use crate::{BackendError, ServiceError};

/// Use cases on runs of background tasks: `read` allows to see them.
#[derive(Clone)]
pub struct TaskService {
    tasks: Arc<dyn TaskLog>,
}

impl TaskService {
    /// A service over this port.
    pub fn new(tasks: Arc<dyn TaskLog>) -> Self {
        Self { tasks }
    }

    /// Lists runs, latest first.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListTaskRuns,
    ) -> Result<Page<TaskRun, TaskRunCursor>, ServiceError<BackendError>> {
        principal.require(Scope::Read)?;
        self.tasks.list(query).await.map_err(ServiceError::Port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::background::ports::MockTaskLog;
    use crate::test::principal;

    #[tokio::test]
    async fn runs_are_seen_with_the_scope_read_alone() {
        let mut tasks = MockTaskLog::new();
        tasks.expect_list().times(1).returning(|_| Ok(Page { items: vec![], next: None }));
        let service = TaskService::new(Arc::new(tasks));
        assert!(service.list(&principal("read"), ListTaskRuns::default()).await.is_ok());
        let refused = service.list(&principal("write"), ListTaskRuns::default()).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    }
}
