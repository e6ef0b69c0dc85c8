//! The one bridge from async callers to Diesel, which blocks.
//!
//! A caller waits for a connection *before* it gets a thread: a semaphore has one permit per connection, and only the
//! holder of a permit enters tokio's blocking pool. So there are never more blocked threads than connections, however
//! many requests wait, and a request that gives up while waiting costs nothing. The number of waiting callers and
//! their time are bounded; beyond either bound the answer is [`Unavailable`](BackendErrorKind::Unavailable).
//!
//! Deliberately absent: a way to stop a running closure. When its caller is gone, the closure ends on its own, within
//! the database's statement time-out, and its connection goes back to the pool. A closure that sends many statements
//! can ask between two of them whether its [`Caller`] still waits.

use std::any::Any;
use std::sync::Arc;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::sync::Weak;
use std::time::Duration;

use r2d2::{ManageConnection, Pool};
use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::{JoinError, spawn_blocking};
use tokio::time::timeout;

use crate::pool_metrics::{Counted, PoolMetrics};

/// Limits of the queue for connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueLimits {
    /// The most callers that may wait for a connection. Any more are refused at once.
    pub max_waiting: usize,
    /// The longest time that a caller waits.
    pub max_wait: Duration,
}

/// Represents a caller that waits for closures. It waits for as long as this value exists.
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug, Default)]
pub(crate) struct Caller(Arc<()>);

/// A closure's view of its [`Caller`].
#[cfg(any(feature = "postgres", feature = "sqlite"))]
#[derive(Debug, Clone)]
pub(crate) struct Waiting(Weak<()>);

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Caller {
    /// The view to hand to a closure.
    pub(crate) fn waiting(&self) -> Waiting {
        Waiting(Arc::downgrade(&self.0))
    }
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
impl Waiting {
    /// Whether the caller is gone.
    pub(crate) fn no_longer(&self) -> bool {
        self.0.strong_count() == 0
    }
}

/// A connection pool for async callers; clones share it.
pub struct Blocking<M: ManageConnection> {
    backend: &'static str,
    pool: Pool<M>,
    permits: Arc<Semaphore>,
    limits: QueueLimits,
    metrics: PoolMetrics,
}

#[derive(Debug, Error)]
enum QueueError {
    #[error("{0} callers already wait for a connection")]
    Full(usize),
    #[error("no connection was free within {0:?}")]
    TooLong(Duration),
    #[error("the pool is closed")]
    Closed,
}

impl<M: ManageConnection> Blocking<M> {
    /// A bridge to `pool`. Errors name `backend`.
    pub fn new(backend: &'static str, pool: Pool<M>, limits: QueueLimits) -> Self {
        let size = pool.max_size();
        let permits = usize::try_from(size).unwrap_or(Semaphore::MAX_PERMITS);
        let metrics = PoolMetrics::default();
        metrics.size.set(i64::from(size));
        Self { backend, pool, permits: Arc::new(Semaphore::new(permits)), limits, metrics }
    }

    /// The gauges of the pool.
    pub fn metrics(&self) -> &PoolMetrics {
        &self.metrics
    }

    /// Runs `f` with a connection, on a thread that may block.
    ///
    /// A panic in `f` becomes [`Internal`](BackendErrorKind::Internal), and its connection is given up.
    pub async fn run<T, E>(&self, f: impl FnOnce(&mut M::Connection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<BackendError> + Send + 'static,
    {
        let permit = self.permit().await?;
        let this = self.clone();
        let task = spawn_blocking(move || this.with(permit, f));
        task.await.map_err(|error| self.aborted(error))?
    }

    /// Like [`Self::run`], for a caller that is on a thread of tokio's blocking pool already.
    pub(crate) fn run_here<T, E: From<BackendError>>(
        &self,
        f: impl FnOnce(&mut M::Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let permit = Handle::current().block_on(self.permit())?;
        self.with(permit, f)
    }

    fn with<T, E: From<BackendError>>(
        &self,
        permit: OwnedSemaphorePermit,
        f: impl FnOnce(&mut M::Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // The permit is dropped last, so that its next holder finds the connection in the pool.
        let _permit = permit;
        let _in_use = Counted::in_gauge(&self.metrics.in_use);
        let mut connection = self.pool.get().map_err(|error| self.unavailable(error))?;
        f(&mut connection)
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, BackendError> {
        self.turn().await.map_err(|error| self.unavailable(error))
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, QueueError> {
        if let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let QueueLimits { max_waiting, max_wait } = self.limits;
        let waiting = Counted::in_gauge(&self.metrics.waiting);
        if usize::try_from(waiting.before).is_ok_and(|before| before >= max_waiting) {
            return Err(QueueError::Full(max_waiting));
        }
        match timeout(max_wait, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_closed)) => Err(QueueError::Closed),
            Err(_elapsed) => Err(QueueError::TooLong(max_wait)),
        }
    }

    fn unavailable(&self, error: impl std::error::Error + Send + Sync + 'static) -> BackendError {
        BackendError::new(self.backend, BackendErrorKind::Unavailable, error)
    }

    fn aborted(&self, error: JoinError) -> BackendError {
        match error.try_into_panic() {
            Ok(panic) => {
                let message = format!("a panic below the port: {}", panic_message(panic.as_ref()));
                BackendError::new(self.backend, BackendErrorKind::Internal, message)
            }
            // The runtime shut down before the closure was started.
            Err(cancelled) => self.unavailable(cancelled),
        }
    }
}

impl<M: ManageConnection> Clone for Blocking<M> {
    fn clone(&self) -> Self {
        Self {
            backend: self.backend,
            pool: self.pool.clone(),
            permits: Arc::clone(&self.permits),
            limits: self.limits,
            metrics: self.metrics.clone(),
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}

#[cfg(test)]
#[path = "blocking/tests.rs"]
mod tests;
