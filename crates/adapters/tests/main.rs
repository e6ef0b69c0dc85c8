//! The conformance suite on every backend, and each backend's own duties.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

/// Far longer than anything here takes, even on a very busy machine. Tests wait for an event and give up after this
/// time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Tries again until `trial` succeeds, and panics with the last error: for conditions that no event announces.
async fn until_ok<T, E: std::fmt::Debug>(mut trial: impl AsyncFnMut() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match trial().await {
            Ok(done) => return done,
            Err(error) => assert!(start.elapsed() < PATIENCE, "{error:?}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(feature = "memory")]
mod caching;
#[cfg(any(feature = "sqlite", feature = "test-support"))]
mod coalescing;
#[cfg(any(feature = "sqlite", feature = "test-support"))]
mod given;
#[cfg(feature = "memory")]
mod memory;
mod ping_queue;
#[cfg(feature = "test-support")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(all(feature = "sqlite", feature = "test-support"))]
mod streams;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod suites;
mod system;
