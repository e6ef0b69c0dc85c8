//! The conformance suite on every backend, and what each backend owes beside it.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

/// Far longer than anything here takes on a machine that has everything else to do as well. Tests wait for an event; this is
/// when they give up.
const PATIENCE: Duration = Duration::from_mins(1);

#[cfg(feature = "memory")]
mod caching;
#[cfg(any(feature = "sqlite", feature = "test-support"))]
mod coalescing;
#[cfg(feature = "memory")]
mod memory;
mod ping_queue;
#[cfg(feature = "test-support")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(all(feature = "sqlite", feature = "test-support"))]
mod streams;
mod system;
