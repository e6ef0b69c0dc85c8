//! The drain takes pings from the queue in groups, logs each group in one call, and only then settles them.
//!
//! So a crash at any point loses nothing: pings that are not settled are handed out again. And no ping counts twice,
//! because the ledger recognises pings by their ids. The next group is taken while the last one is settled, so at
//! most two groups are in memory. While the ledger is down, the current group is kept and tried again.
//!
//! Deliberately absent: several groups at the same time. The ledger locks a group's jobs anyway, and more processes
//! may drain the same queue.

mod group;

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use stint_domain::capture::ports::ping_queue::{Burial, Delivery, Receipt, TakePings};
use stint_domain::capture::ports::{PingQueue, PingRepository};
use stint_domain::{BackendError, Clock};
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::metrics::PingMetrics;
use crate::shutdown::Shutdown;
use crate::standing::Standing;

/// How long a running take may still bring pings after the drain was told to end. Under load it brings some at once;
/// if nobody received them, they would wait until they count as abandoned.
const LAST_TAKE: Duration = Duration::from_millis(500);

/// The longest wait after a failed take. When the queue is back, pings come in at once, and asking it once a second
/// is no burden.
const TAKE_AGAIN: Duration = Duration::from_secs(1);

/// The limits of a drain.
#[derive(Debug, Clone)]
pub struct DrainLimits {
    /// The name of this process. It must be unique.
    pub consumer: String,
    /// The most pings that are logged together.
    pub group: usize,
    /// How long a take waits for the first ping.
    pub wait: Duration,
    /// How long after it was handed out an unsettled ping may be taken by another process.
    pub abandoned_after: Duration,
    /// How often a ping that cannot be logged is tried alone before it is buried; and how often settling a group is
    /// tried.
    pub tries: u32,
    /// A ping that was handed out this often is tried alone once only.
    pub deliveries: u32,
    /// The waits between tries.
    pub backoff: Backoff,
    /// How long the current group may take after the drain was told to end.
    pub grace: Duration,
}

impl DrainLimits {
    /// The defaults, with groups of up to 1,000 pings.
    pub fn new(consumer: impl Into<String>) -> Self {
        Self {
            consumer: consumer.into(),
            group: 1_000,
            wait: Duration::from_secs(5),
            abandoned_after: Duration::from_mins(1),
            tries: 5,
            deliveries: 5,
            backoff: Backoff::default(),
            grace: Duration::from_secs(10),
        }
    }
}

/// Drains a queue into the ledger.
pub struct Drain {
    queue: Arc<dyn PingQueue>,
    pings: Arc<dyn PingRepository>,
    clock: Arc<dyn Clock>,
    limits: DrainLimits,
    metrics: PingMetrics,
    taking: Standing,
    settling: Standing,
    burying: Standing,
    ledger: Standing,
}

/// The future of a port's method that returns nothing.
type Work<'a> = Pin<Box<dyn Future<Output = Result<(), BackendError>> + Send + 'a>>;

/// What the queue has to be told about a group.
#[derive(Debug, Default)]
struct Dealt {
    logged: Vec<Receipt>,
    burials: Vec<Burial>,
}

impl Drain {
    /// A drain that has not started.
    pub fn new(
        queue: Arc<dyn PingQueue>,
        pings: Arc<dyn PingRepository>,
        clock: Arc<dyn Clock>,
        limits: DrainLimits,
        metrics: PingMetrics,
    ) -> Self {
        Self {
            queue,
            pings,
            clock,
            limits,
            metrics,
            taking: Standing::of("the queue, to take pings"),
            settling: Standing::of("the queue, to settle pings"),
            burying: Standing::of("the queue, to set pings aside"),
            ledger: Standing::of("the ledger"),
        }
    }

    /// Drains until it is told to end. Then it finishes the current group, if that takes no longer than the grace.
    pub async fn run(&self, shutdown: &Shutdown) {
        let mut former = Dealt::default();
        loop {
            let (group, ()) = tokio::join!(self.take(shutdown), self.settle(former, shutdown));
            if group.is_empty() && shutdown.is_requested() {
                return;
            }
            former = self.deal(group, shutdown).await;
        }
    }

    /// Takes the next group. It is empty when no ping came for a while, or when the drain was told to end.
    async fn take(&self, shutdown: &Shutdown) -> Vec<Delivery> {
        let command = TakePings {
            consumer: self.limits.consumer.clone(),
            most: self.limits.group,
            wait: self.limits.wait,
            abandoned_after: self.limits.abandoned_after,
        };
        while !shutdown.is_requested() {
            let taken = tokio::select! {
                biased;
                taken = self.queue.take(command.clone()) => taken,
                () = shutdown.overdue(LAST_TAKE) => break,
            };
            match taken {
                Ok(group) => {
                    self.taking.works();
                    return group;
                }
                Err(error) => {
                    let failures = self.taking.failed(&error);
                    let most = self.limits.backoff.most.min(TAKE_AGAIN);
                    shutdown.sleep(Backoff { most, ..self.limits.backoff }.after(failures)).await;
                }
            }
        }
        Vec::new()
    }

    /// Logs a group. Pings that are not in its answer are not settled, and are handed out again.
    async fn deal(&self, group: Vec<Delivery>, shutdown: &Shutdown) -> Dealt {
        let mut dealt = Dealt::default();
        if group.is_empty() {
            return dealt;
        }
        self.metrics.group_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        let begun = Instant::now();
        tokio::select! {
            biased;
            () = self.log_all(group, &mut dealt, shutdown) => {}
            () = shutdown.overdue(self.limits.grace) => tracing::warn!("left a group of pings to another worker"),
        }
        self.metrics.group_seconds.observe(begun.elapsed().as_secs_f64());
        dealt
    }

    /// Tells the queue: first which pings were logged, because settling frees room that a full queue needs for
    /// burying.
    async fn settle(&self, dealt: Dealt, shutdown: &Shutdown) {
        let Dealt { logged, burials } = dealt;
        if !logged.is_empty() {
            self.insist(&self.settling, || self.queue.settle(logged.clone()), shutdown).await;
        }
        if !burials.is_empty() {
            let buried = burials.len();
            if self.insist(&self.burying, || self.queue.bury(burials.clone()), shutdown).await {
                self.metrics.buried.inc_by(buried as u64);
            }
        }
    }

    /// Tries until it succeeds, the time is over, or the queue has failed often enough. Giving up is harmless: pings
    /// that are handed out again count once. Trying for ever is not: nothing else would be drained in the meantime.
    async fn insist<'a>(
        &self,
        standing: &Standing,
        work: impl Fn() -> Work<'a> + Send + Sync,
        shutdown: &Shutdown,
    ) -> bool {
        let insisting = async {
            for tried in 1.. {
                let Err(error) = work().await else { break };
                standing.failed(&error);
                if tried >= self.limits.tries {
                    return false;
                }
                tokio::time::sleep(self.limits.backoff.after(tried)).await;
            }
            standing.works();
            true
        };
        tokio::select! {
            biased;
            done = insisting => done,
            () = shutdown.overdue(self.limits.grace) => false,
        }
    }
}

#[cfg(test)]
mod tests;
