//! From the queue into the ledger: takes pings in groups, logs each group in one call, and only then settles them.
//!
//! So a crash at any point loses nothing: what is not settled is handed out again. And nothing counts twice, because the
//! ledger knows pings by their ids. The next group is taken while the former is settled, so that at most two groups are
//! in memory. While the ledger is out of reach, the group in hand is held and tried again.
//!
//! Deliberately absent: several groups at once. The ledger locks a group's jobs anyway, and more processes may drain the
//! same queue.

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

/// How long a take that is under way at the end may still bring pings: under load it does so at once, and pings that it
/// brings to nobody would wait until they count as abandoned.
const LAST_TAKE: Duration = Duration::from_millis(500);

/// The longest wait after a take that failed: pings come in again the moment that the queue is back, and to ask it once a
/// second is no burden.
const TAKE_AGAIN: Duration = Duration::from_secs(1);

/// How a queue is drained.
#[derive(Debug, Clone)]
pub struct DrainLimits {
    /// The name of this process, which no other has.
    pub consumer: String,
    /// The most pings that are logged together.
    pub group: usize,
    /// How long to wait for the first ping before asking anew.
    pub wait: Duration,
    /// How long after it was handed out an unsettled ping is another one's to take.
    pub abandoned_after: Duration,
    /// How often a ping that cannot be logged is tried alone before it is set aside; and how often the queue is told of a
    /// group.
    pub tries: u32,
    /// How often a ping has been handed out when one try more is enough.
    pub deliveries: u32,
    /// How long to wait between tries.
    pub backoff: Backoff,
    /// How long the group in hand may take at the end.
    pub grace: Duration,
}

impl DrainLimits {
    /// Groups of up to 1,000.
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

/// What a port's method that answers with nothing returns.
type Work<'a> = Pin<Box<dyn Future<Output = Result<(), BackendError>> + Send + 'a>>;

/// What is to be told to the queue about a group.
#[derive(Debug, Default)]
struct Dealt {
    logged: Vec<Receipt>,
    burials: Vec<Burial>,
}

impl Drain {
    /// A drain that has not begun.
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

    /// Drains until it is told to end; then the group in hand is finished, if that takes no longer than the grace.
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

    /// The next group; empty when there was none for a while, or when the end is asked for.
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

    /// Logs a group. What it does not answer with is not settled, and handed out again.
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

    /// Tells the queue: first what was logged, because that frees room, which a full queue lacks for what it is to set
    /// aside.
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

    /// Tries until it works, the time is over, or the queue has failed often enough. It is harmless to give up: what is
    /// handed out again counts once. To insist for ever is not: nothing else would be drained meanwhile.
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
