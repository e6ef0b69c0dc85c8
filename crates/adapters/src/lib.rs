//! Implementations of the domain's ports.
//!
//! Each backend is a module behind a feature of the same name. All are on by default, and features only add, so one
//! build can contain every backend and choose one when it starts. An implementation stands under the path of its
//! port: `ledger/ports/job.rs` in the domain is `memory/ledger/job.rs` here. What the backends share for a feature
//! has a room with the feature's name. Every backend runs the suite of `stint-conformance` in this crate's tests.
//!
//! Nothing here decides what is allowed or what an HTTP client is told: the domain and the web layer do.

#![warn(missing_docs)]

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod access;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod background;
#[cfg(any(feature = "redis", feature = "sqlite"))]
mod blocking;
pub mod caching;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod caller;
pub mod capture;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod coalescing;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub mod grouping;
#[cfg(feature = "identity-provider")]
pub mod identity_provider;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod joined;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod ledger;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod migrations;
pub mod not_offered;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod people;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod pool_metrics;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "identity-provider", feature = "postgres"))]
mod root_certificates;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod secrecy;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod sql;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_row;
pub mod system;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
mod timers;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tried;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub mod turns;

#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use pool_metrics::PoolMetrics;
