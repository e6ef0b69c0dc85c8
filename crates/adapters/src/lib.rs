//! Implementations of the ledger's ports.
//!
//! Each backend is a module behind a feature of the same name, all on by default; features only add, so one build can
//! hold every backend and choose when it starts. A port's implementation has the port's file name: `ports/job.rs` in the
//! domain is `memory/job.rs` here. Every backend runs the suite of `stint-conformance` in this crate's tests.
//!
//! Nothing here decides what is allowed or what an HTTP client is told: that is the domain's and the web layer's.

#![warn(missing_docs)]

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod auditing;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub mod blocking;
pub mod caching;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
#[cfg_attr(
    not(any(feature = "postgres", feature = "sqlite")),
    expect(dead_code, unused_imports, reason = "Redis alone needs no more of it than its queue")
)]
pub mod coalescing;
#[cfg(any(feature = "memory", feature = "postgres", feature = "redis", feature = "sqlite"))]
#[cfg_attr(
    not(any(feature = "memory", feature = "postgres", feature = "sqlite")),
    expect(dead_code, reason = "Redis alone coalesces, but keeps no ledger")
)]
mod ledger;
#[cfg(feature = "memory")]
pub mod memory;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub mod migrations;
pub mod not_offered;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod ping_table;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod pool_metrics;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(any(feature = "postgres", feature = "redis"))]
mod secrecy;
pub mod spooling;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_outcome;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
mod stored_ping;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_row;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod stored_rule;
pub mod system;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod tried;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use ping_table::PingTableQueue;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub use pool_metrics::PoolMetrics;
