//! Implementations of the ledger's ports.
//!
//! Each backend is a module behind a feature of the same name, all on by default; features only add, so one build can
//! hold every backend and choose when it starts. A port's implementation stands under the port's path:
//! `ledger/ports/job.rs` in the domain is `memory/ledger/job.rs` here. What backends share of a feature has a room of the
//! feature's name. Every backend runs the suite of `stint-conformance` in this crate's tests.
//!
//! Nothing here decides what is allowed or what an HTTP client is told: that is the domain's and the web layer's.

#![warn(missing_docs)]

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub mod blocking;
pub mod caching;
pub mod capture;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod coalescing;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub mod grouping;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod ledger;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod migrations;
pub mod not_offered;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod pool_metrics;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod secrecy;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_row;
pub mod system;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tried;

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use pool_metrics::PoolMetrics;
