//! The Prometheus metrics of a connection pool.
//!
//! [`Turns`](crate::turns::Turns) update them, because everybody who uses a connection has a turn. The registry
//! belongs to the binary.

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The gauges of one pool. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct PoolMetrics {
    /// How many connections the pool may have.
    pub(crate) size: Gauge,
    /// How many connections are in use.
    pub(crate) in_use: Gauge,
    /// How many callers wait for a connection.
    pub(crate) waiting: Gauge,
}

impl PoolMetrics {
    /// Registers the gauges as `database_pool_size`, `database_pool_in_use` and `database_pool_waiting`.
    pub fn register(&self, registry: &mut Registry) {
        self.register_as("database_pool", registry);
    }

    /// Registers the gauges under another prefix than `database_pool`.
    pub(crate) fn register_as(&self, name: &str, registry: &mut Registry) {
        let pool = registry.sub_registry_with_prefix(name);
        pool.register("size", "Connections that the pool may have", self.size.clone());
        pool.register("in_use", "Connections at work", self.in_use.clone());
        pool.register("waiting", "Callers waiting for a connection", self.waiting.clone());
    }
}

/// Counts one caller in a gauge until it is dropped, however the caller ends.
#[derive(Debug)]
pub(crate) struct Counted {
    gauge: Gauge,
    /// The gauge's value before this caller.
    pub(crate) before: i64,
}

impl Counted {
    pub(crate) fn in_gauge(gauge: &Gauge) -> Self {
        Self { gauge: gauge.clone(), before: gauge.inc() }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.gauge.dec();
    }
}
