//! The lane of look-ups that are probably in vain: narrow, and with an end to its line.
//!
//! What is looked up is not known here.

use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;
use tokio::sync::{Semaphore, SemaphorePermit};

/// How many are in it. A database connection each, of which there are several more.
pub(super) const WIDTH: usize = 2;
/// How many wait for it.
pub(super) const WAITING: usize = 1000;

/// Who has entered, and waits for no one any more.
pub(super) struct Turn<'a> {
    _place: SemaphorePermit<'a>,
    _turn: SemaphorePermit<'a>,
}

pub(super) struct Lane {
    /// Everybody who waits or has a turn.
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

    /// Waits for a turn, in order; refuses at once when too many wait.
    pub(super) async fn enter(&self) -> Result<Turn<'_>, BackendError> {
        let full = |_| BackendError::new("cache", BackendErrorKind::Unavailable, Full);
        let place = self.places.try_acquire().map_err(full)?;
        // Nobody closes it.
        let turn = self.turns.acquire().await.map_err(|_closed| full(tokio::sync::TryAcquireError::Closed))?;
        Ok(Turn { _place: place, _turn: turn })
    }
}
