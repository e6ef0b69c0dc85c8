//! The conformance suite on every backend, and what each backend owes beside it.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "memory")]
mod caching;
#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "test-support")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;
mod system;
