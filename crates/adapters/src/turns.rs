//! A bounded line of async callers for the connections of a pool.
//!
//! There is one turn per connection. The number of waiting callers and their time are bounded; beyond either bound
//! the answer is [`Unavailable`](BackendErrorKind::Unavailable). A caller that gives up while it waits costs nothing.

use std::sync::Arc;
use std::time::Duration;

use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::pool_metrics::{Counted, PoolMetrics};

/// Limits of the line for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// The most callers that may wait for a connection. Any more are refused at once.
    pub max_waiting: usize,
    /// The longest time that a caller waits.
    pub max_wait: Duration,
}

/// The turns of a pool. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Turns {
    backend: &'static str,
    permits: Arc<Semaphore>,
    limits: QueueLimits,
    metrics: PoolMetrics,
}

/// The right to use one connection, until it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    // Counted out first: whoever gets the permit finds the gauge right.
    _in_use: Counted,
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug, Error)]
enum NoTurn {
    #[error("{0} callers already wait for a connection")]
    Full(usize),
    #[error("no connection was free within {0:?}")]
    TooLong(Duration),
    #[error("the pool is closed")]
    Closed,
}

impl Turns {
    /// Turns for `size` connections. Errors name `backend`.
    pub(crate) fn new(backend: &'static str, size: u32, limits: QueueLimits) -> Self {
        let permits = usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS);
        let metrics = PoolMetrics::default();
        metrics.size.set(i64::from(size));
        Self { backend, permits: Arc::new(Semaphore::new(permits)), limits, metrics }
    }

    pub(crate) fn metrics(&self) -> &PoolMetrics {
        &self.metrics
    }

    /// Waits for a turn.
    pub(crate) async fn next(&self) -> Result<Turn, BackendError> {
        let permit = self.permit().await;
        let permit = permit.map_err(|error| BackendError::new(self.backend, BackendErrorKind::Unavailable, error))?;
        Ok(Turn { _in_use: Counted::in_gauge(&self.metrics.in_use), _permit: permit })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, NoTurn> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let QueueLimits { max_waiting, max_wait } = self.limits;
        let waiting = Counted::in_gauge(&self.metrics.waiting);
        if usize::try_from(waiting.before).is_ok_and(|before| before >= max_waiting) {
            return Err(NoTurn::Full(max_waiting));
        }
        match timeout(max_wait, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(NoTurn::Closed),
            Err(_elapsed) => Err(NoTurn::TooLong(max_wait)),
        }
    }
}
