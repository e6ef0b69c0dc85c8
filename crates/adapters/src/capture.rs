//! Pings: where they wait (tables, Redis, and the spool that replaces Redis while it is down), how one is stored, and
//! what they do to a ledger.

#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
pub(crate) mod counting;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod listing;
#[cfg(any(feature = "memory", feature = "postgres", feature = "sqlite"))]
pub(crate) mod new_project;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod ping_table;
#[cfg(feature = "redis")]
pub mod redis;
pub mod spooling;
#[cfg(any(feature = "postgres", feature = "redis", feature = "sqlite"))]
pub(crate) mod stored_ping;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod stored_rule;

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use self::ping_table::PingTableQueue;
