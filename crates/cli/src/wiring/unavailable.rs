//! TEMPORARY, to be deleted when the adapters are there: a ping queue, a ping repository and a task log that are always
//! unavailable. Nothing is kept here, and nothing else may use it.

use async_trait::async_trait;
use stint_domain::ports::ping::{CapturedTime, ListPings, LogPings, PingCursor, RetractPing, RetractPingError};
use stint_domain::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskRunCursor};
use stint_domain::ports::{BackendError, BackendErrorKind, PingQueue, PingRepository, TaskLog};
use stint_domain::values::{DateStamp, PingId, TokenId};
use stint_domain::{LoggedPing, Page, Ping, PingOutcome};

pub(super) struct Unavailable;

fn unavailable<T>() -> Result<T, BackendError> {
    Err(BackendError::new("capture", BackendErrorKind::Unavailable, "this build has no adapter for it yet"))
}

#[async_trait]
impl PingQueue for Unavailable {
    async fn push(&self, _: Vec<Ping>) -> Result<(), BackendError> {
        unavailable()
    }

    async fn take(&self, _: TakePings) -> Result<Vec<Delivery>, BackendError> {
        unavailable()
    }

    async fn settle(&self, _: Vec<Receipt>) -> Result<(), BackendError> {
        unavailable()
    }

    async fn bury(&self, _: Vec<Burial>) -> Result<(), BackendError> {
        unavailable()
    }

    async fn dead(&self, _: usize) -> Result<Vec<DeadPing>, BackendError> {
        unavailable()
    }

    async fn replay(&self, _: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        unavailable()
    }

    async fn waiting(&self, _: usize) -> Result<Vec<Ping>, BackendError> {
        unavailable()
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        unavailable()
    }
}

#[async_trait]
impl PingRepository for Unavailable {
    async fn log(&self, _: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        unavailable()
    }

    async fn retract(&self, _: RetractPing) -> Result<(), RetractPingError> {
        Ok(unavailable()?)
    }

    async fn find(&self, _: PingId) -> Result<Option<LoggedPing>, BackendError> {
        unavailable()
    }

    async fn list(&self, _: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        unavailable()
    }

    async fn captured_on(&self, _: TokenId, _: DateStamp) -> Result<CapturedTime, BackendError> {
        unavailable()
    }
}

#[async_trait]
impl TaskLog for Unavailable {
    async fn begin(&self, _: BeginTask) -> Result<bool, BackendError> {
        unavailable()
    }

    async fn end(&self, _: EndTask) -> Result<(), BackendError> {
        unavailable()
    }

    async fn latest(&self, _: &str) -> Result<Option<TaskRun>, BackendError> {
        unavailable()
    }

    async fn list(&self, _: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        unavailable()
    }
}
