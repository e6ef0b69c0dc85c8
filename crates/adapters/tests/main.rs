//! The conformance suite on every backend, and what each backend owes beside it.

#![allow(clippy::unwrap_used)]

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
