//! A narrow lane for look-ups that will probably find nothing, with a bounded queue.
//!
//! This module does not know what is looked up.

use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many look-ups run at the same time. Each takes a database connection, of which there are several more.
pub(super) const WIDTH: usize = 2;
/// How many may wait.
pub(super) const WAITING: usize = 1000;

/// Permission to look something up, until it is dropped.
pub(super) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

pub(super) struct Lane {
    /// One permit for each caller that waits or has a turn.
    places: Semaphore,
    turns: Semaphore,
}

#[derive(Debug, Error)]
#[error("{WAITING} look-ups of unknown tokens wait already")]
struct Full;

impl Lane {
    pub(super) fn new() -> Self {
        Self { places: Semaphore::new(WIDTH + WAITING), turns: Semaphore::new(WIDTH) }
    }

    /// Waits for a turn, in order. Refuses at once when too many wait.
    pub(super) async fn enter(&self) -> Result<Turn<'_>, BackendError> {
        let full = |_| BackendError::new("cache", BackendErrorKind::Unavailable, Full);
        let place = self.places.try_acquire().map_err(full)?;
        // The semaphore is never closed.
        let turn = self.turns.acquire().await.map_err(|_closed| full(tokio::sync::TryAcquireError::Closed))?;
        Ok(Turn { _place: place, _turn: turn })
    }
}
