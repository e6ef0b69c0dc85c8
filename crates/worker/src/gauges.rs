//! How full the queue is, for Prometheus, every few seconds: by whoever shows metrics, so that an operator sees the queue
//! also while no worker runs.

use std::sync::Arc;
use std::time::Duration;

use stint_domain::Clock;
use stint_domain::capture::ports::PingQueue;

use crate::metrics::PingMetrics;
use crate::shutdown::Shutdown;
use crate::standing::Standing;

/// Between two looks: about as often as somebody reads the gauges.
const EVERY: Duration = Duration::from_secs(5);

/// Keeps the gauges of a queue fresh.
pub struct QueueGauges {
    /// The queue.
    pub queue: Arc<dyn PingQueue>,
    /// Tells how old the oldest ping is.
    pub clock: Arc<dyn Clock>,
    /// The gauges.
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
