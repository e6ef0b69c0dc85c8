//! TEMPORARY: the queue of pings where there is none yet. Everything that needs it is told that it is unavailable.

use async_trait::async_trait;
use stint_domain::Ping;
use stint_domain::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::ports::{BackendError, BackendErrorKind, PingQueue};

pub(super) struct Absent;

fn absent<T>() -> Result<T, BackendError> {
    Err(BackendError::new("absent", BackendErrorKind::Unavailable, "there is no queue of pings yet"))
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
