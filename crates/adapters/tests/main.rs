//! The conformance suite on every backend, and what each backend owes beside it.

#![allow(clippy::unwrap_used)]

#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
