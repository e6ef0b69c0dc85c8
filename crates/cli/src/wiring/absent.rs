//! TEMPORARY: pings and their queue where no backend keeps them yet. Everything that needs them is told that they are
//! unavailable. To be removed with the first backend that keeps pings.

use async_trait::async_trait;
use stint_domain::ports::ping::{CapturedTime, ListPings, LogPings, PingCursor, RetractPing, RetractPingError};
use stint_domain::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::ports::{BackendError, BackendErrorKind, PingQueue, PingRepository};
use stint_domain::values::{DateStamp, PingId, TokenId};
use stint_domain::{LoggedPing, Page, Ping, PingOutcome};

pub(super) struct Absent;

fn absent<T>() -> Result<T, BackendError> {
    Err(BackendError::new("absent", BackendErrorKind::Unavailable, "this release keeps no pings yet"))
}

#[async_trait]
impl PingQueue for Absent {
    async fn push(&self, _pings: Vec<Ping>) -> Result<(), BackendError> {
        absent()
    }

    async fn take(&self, _command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        absent()
    }

    async fn settle(&self, _receipts: Vec<Receipt>) -> Result<(), BackendError> {
        absent()
    }

    async fn bury(&self, _burials: Vec<Burial>) -> Result<(), BackendError> {
        absent()
    }

    async fn dead(&self, _most: usize) -> Result<Vec<DeadPing>, BackendError> {
        absent()
    }

    async fn replay(&self, _which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        absent()
    }

    async fn waiting(&self, _most: usize) -> Result<Vec<Ping>, BackendError> {
        absent()
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        absent()
    }
}

#[async_trait]
impl PingRepository for Absent {
    async fn log(&self, _command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        absent()
    }

    async fn retract(&self, _command: RetractPing) -> Result<(), RetractPingError> {
        Ok(absent()?)
    }

    async fn find(&self, _id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        absent()
    }

    async fn list(&self, _query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        absent()
    }

    async fn captured_on(&self, _token: TokenId, _day: DateStamp) -> Result<CapturedTime, BackendError> {
        absent()
    }
}
