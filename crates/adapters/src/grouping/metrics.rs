//! The Prometheus metrics of a queue.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

/// The metrics of one queue. Clones share them.
#[derive(Debug, Clone)]
pub(crate) struct QueueMetrics {
    /// Waiting commands.
    pub(super) waiting: Gauge,
    /// Commands that were refused because too many waited.
    pub(super) refused: Counter,
    /// Commands in a group.
    pub(super) group_size: Histogram,
    /// Seconds that a command waited until its group started.
    pub(super) waited: Histogram,
}

impl Default for QueueMetrics {
    fn default() -> Self {
        Self {
            waiting: Gauge::default(),
            refused: Counter::default(),
            // 1 to 512 commands.
            group_size: Histogram::new(exponential_buckets(1.0, 2.0, 10)),
            // 62.5 microseconds to 2 seconds.
            waited: Histogram::new(exponential_buckets(0.000_062_5, 2.0, 16)),
        }
    }
}

impl QueueMetrics {
    /// Registers the metrics as `coalescing_<queue>_waiting` and so on.
    pub(crate) fn register(&self, registry: &mut Registry, queue: &'static str) {
        let queue = registry.sub_registry_with_prefix("coalescing").sub_registry_with_prefix(queue);
        queue.register("waiting", "Commands that wait for a group", self.waiting.clone());
        queue.register("refused", "Commands refused because too many waited", self.refused.clone());
        queue.register("group_size", "Commands carried out together", self.group_size.clone());
        queue.register("wait_seconds", "Time that a command waited for its group to start", self.waited.clone());
    }
}
