//! Shows in Prometheus how full the queue is, every few seconds. Every process that serves metrics does this, so that
//! an operator sees the queue even while no worker runs.

use std::sync::Arc;
use std::time::Duration;

use stint_domain::Clock;
use stint_domain::capture::ports::PingQueue;

use crate::metrics::PingMetrics;
use crate::shutdown::Shutdown;
use crate::standing::Standing;

/// How often it looks: about as often as Prometheus reads the gauges.
const EVERY: Duration = Duration::from_secs(5);

/// Keeps the gauges of a queue up to date.
pub struct QueueGauges {
    /// The queue to look at.
    pub queue: Arc<dyn PingQueue>,
    /// For the age of the oldest ping.
    pub clock: Arc<dyn Clock>,
    /// The gauges to set.
    pub metrics: PingMetrics,
}

impl QueueGauges {
    /// Looks again and again until it is told to end.
    pub async fn run(&self, shutdown: &Shutdown) {
        let standing = Standing::of("the queue's depth");
        while !shutdown.is_requested() {
            let depth = match self.queue.depth().await {
                Ok(depth) => {
                    standing.works();
                    Some(depth)
                }
                Err(error) => {
                    standing.failed(&error);
                    None
                }
            };
            self.metrics.show(depth, self.clock.now());
            shutdown.sleep(EVERY).await;
        }
    }
}
