//! The one bridge from async callers to drivers that block: SQLite's and Redis'.
//!
//! A caller waits for its turn ([`Turns`]) *before* it gets a thread: only who has a turn enters tokio's blocking
//! pool. So there are never more blocked threads than connections, however many requests wait.
//!
//! Deliberately absent: a way to stop a running closure. When its caller is gone, the closure ends on its own, within
//! the database's statement time-out, and its connection goes back to the pool. A closure that sends many statements
//! can ask between two of them whether its [caller](crate::caller) still waits.

use r2d2::{ManageConnection, Pool};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::spawn_blocking;

use crate::joined::aborted;
use crate::pool_metrics::PoolMetrics;
use crate::turns::{QueueLimits, Turn, Turns};

/// A connection pool for async callers; clones share it.
pub(crate) struct Blocking<M: ManageConnection> {
    backend: &'static str,
    pool: Pool<M>,
    turns: Turns,
}

impl<M: ManageConnection> Blocking<M> {
    /// A bridge to `pool`. Errors name `backend`.
    pub(crate) fn new(backend: &'static str, pool: Pool<M>, limits: QueueLimits) -> Self {
        let turns = Turns::new(backend, pool.max_size(), limits);
        Self { backend, pool, turns }
    }

    /// The gauges of the pool.
    pub(crate) fn metrics(&self) -> &PoolMetrics {
        self.turns.metrics()
    }

    /// Runs `f` with a connection, on a thread that may block.
    ///
    /// A panic in `f` becomes [`Internal`](BackendErrorKind::Internal), and its connection is given up.
    pub(crate) async fn run<T, E>(
        &self,
        f: impl FnOnce(&mut M::Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<BackendError> + Send + 'static,
    {
        let turn = self.turns.next().await?;
        let this = self.clone();
        let task = spawn_blocking(move || this.with(turn, f));
        task.await.map_err(|error| aborted(self.backend, error))?
    }

    /// Like [`Self::run`], for a caller that is on a thread that may block already.
    pub(crate) async fn run_here<T, E: From<BackendError>>(
        &self,
        f: impl FnOnce(&mut M::Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let turn = self.turns.next().await?;
        self.with(turn, f)
    }

    fn with<T, E: From<BackendError>>(
        &self,
        turn: Turn,
        f: impl FnOnce(&mut M::Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        // Dropped last, so that who has the next turn finds the connection in the pool.
        let _turn = turn;
        let unavailable = |error| BackendError::new(self.backend, BackendErrorKind::Unavailable, error);
        let mut connection = self.pool.get().map_err(unavailable)?;
        f(&mut connection)
    }
}

impl<M: ManageConnection> Clone for Blocking<M> {
    fn clone(&self) -> Self {
        Self { backend: self.backend, pool: self.pool.clone(), turns: self.turns.clone() }
    }
}

#[cfg(test)]
#[path = "blocking/tests.rs"]
mod tests;
