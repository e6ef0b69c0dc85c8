//! A decorator over two ping queues: pings go to the first queue, and the second, the spool, may store those that the
//! first cannot take.
//!
//! It is for a Redis in front of the database. While Redis is down, pings wait in the database, and none is refused
//! as long as one of the two works; or they are refused ([`Spooling::refusing`]). In either case the same consumers
//! empty both queues, because the spool may hold pings from a time with other settings. A ping whose push timed out
//! may then be in both queues; that is harmless, because a ping counts once by its id.
//!
//! Calls that report on the queue cover both queues, or fail: half an answer would look as if pings had been lost. A
//! take is different: it succeeds while one queue works, and fails when both are down. A consumer that gets a failure
//! asks less often, and spooled pings would wait for that.
//!
//! Deliberately absent: moving pings from one queue to the other. They are logged from where they are.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::{BackendError, BackendErrorKind};
use tracing::{info, warn};

/// How long a take waits for one queue before it looks at the other. A ping in the queue that is not waited for may
/// wait this much longer.
const SLICE: Duration = Duration::from_millis(250);

/// The prefixes of receipts of either queue.
const FIRST: &str = "first:";
const SPOOL: &str = "spool:";

/// Two ping queues that act as one. Clones share both.
#[derive(Clone)]
pub struct Spooling {
    first: Arc<dyn PingQueue>,
    spool: Arc<dyn PingQueue>,
    /// Whether the spool stores what the first queue cannot take.
    keeps: bool,
    /// Whether the next take looks into the spool first. The queues take turns, because a full one would starve the
    /// other.
    spool_is_next: Arc<AtomicBool>,
    /// Whether pings are being spooled, so that the log tells of the change and not of each ping.
    spools: Arc<AtomicBool>,
}

/// Items, sorted by the queue that their receipts name.
struct Parted<T> {
    first: Vec<T>,
    spool: Vec<T>,
}

impl Spooling {
    /// Pushes to `first`, and to `spool` what `first` cannot take.
    pub fn new(first: Arc<dyn PingQueue>, spool: Arc<dyn PingQueue>) -> Self {
        Self { first, spool, keeps: true, spool_is_next: Arc::default(), spools: Arc::default() }
    }

    /// Pushes to `first` only, but still hands out what `spool` holds.
    pub fn refusing(first: Arc<dyn PingQueue>, spool: Arc<dyn PingQueue>) -> Self {
        Self { keeps: false, ..Self::new(first, spool) }
    }

    fn says(&self, spools: bool, error: Option<&BackendError>) {
        if self.spools.swap(spools, Ordering::Relaxed) != spools {
            if let Some(error) = error {
                warn!(%error, cause = %error.source, "pings are spooled");
            } else {
                info!("pings are no longer spooled");
            }
        }
    }

    /// Takes what either queue has right now, up to the bound. Fails when both queues fail.
    async fn take_now(&self, command: &TakePings) -> Result<Vec<Delivery>, BackendError> {
        let spool_is_first = self.spool_is_next.fetch_xor(true, Ordering::Relaxed);
        let (mut taken, mut failed, mut told) = (Vec::new(), None, false);
        for is_spool in [spool_is_first, !spool_is_first] {
            let most = command.most - taken.len();
            if most == 0 {
                break;
            }
            let command = TakePings { most, wait: Duration::ZERO, ..command.clone() };
            match self.take_from(is_spool, command).await {
                Ok(more) => {
                    taken.extend(more);
                    told = true;
                }
                Err(error) => failed = Some(error),
            }
        }
        failed.filter(|_| !told).map_or(Ok(taken), Err)
    }

    async fn take_from(&self, is_spool: bool, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        let (queue, prefix) = if is_spool { (&self.spool, SPOOL) } else { (&self.first, FIRST) };
        let named = |delivery: Delivery| Delivery { receipt: named(prefix, &delivery.receipt), ..delivery };
        Ok(queue.take(command).await?.into_iter().map(named).collect())
    }
}

#[async_trait]
impl PingQueue for Spooling {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        if !self.keeps {
            return self.first.push(pings).await;
        }
        let refused = match self.first.push(pings.clone()).await {
            Ok(()) => {
                self.says(false, None);
                return Ok(());
            }
            Err(error) if matches!(error.kind, BackendErrorKind::Unavailable | BackendErrorKind::Timeout) => error,
            Err(error) => return Err(error),
        };
        match self.spool.push(pings).await {
            Ok(()) => {
                self.says(true, Some(&refused));
                Ok(())
            }
            Err(error) => {
                warn!(%error, cause = %error.source, "the spool keeps no pings either");
                // If the first queue says that the push may have been done, that holds whatever the spool says.
                Err(if refused.kind == BackendErrorKind::Timeout { refused } else { error })
            }
        }
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        if command.most == 0 {
            return Ok(Vec::new());
        }
        let start = Instant::now();
        loop {
            let now = self.take_now(&command).await;
            let left = command.wait.saturating_sub(start.elapsed());
            match now {
                Ok(taken) if !taken.is_empty() || left.is_zero() => return Ok(taken),
                Err(error) if left.is_zero() => return Err(error),
                Ok(_) | Err(_) => {}
            }
            // Waits on the first queue, where pings arrive, unless that fails at once; then on the spool.
            let slice = TakePings { wait: left.min(SLICE), ..command.clone() };
            let taken = match self.take_from(false, slice.clone()).await {
                Ok(taken) => taken,
                Err(first) => match self.take_from(true, slice.clone()).await {
                    Ok(taken) => taken,
                    // Neither queue waits, so the caller has to.
                    Err(_spool) => return Err(first),
                },
            };
            if !taken.is_empty() {
                return Ok(taken);
            }
        }
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        let Parted { first, spool } = parted(receipts, |receipt| receipt);
        // Settles in each queue, even when the other fails.
        let settled = if first.is_empty() { Ok(()) } else { self.first.settle(first).await };
        if !spool.is_empty() {
            self.spool.settle(spool).await?;
        }
        settled
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        let Parted { first, spool } = parted(burials, |burial| &mut burial.receipt);
        let buried = if first.is_empty() { Ok(()) } else { self.first.bury(first).await };
        if !spool.is_empty() {
            self.spool.bury(spool).await?;
        }
        buried
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError> {
        let (first, spool) = (self.first.dead(most).await?, self.spool.dead(most).await?);
        let named = |prefix| move |dead: DeadPing| DeadPing { receipt: named(prefix, &dead.receipt), ..dead };
        let mut dead: Vec<_> = first.into_iter().map(named(FIRST)).chain(spool.into_iter().map(named(SPOOL))).collect();
        dead.sort_by_key(|dead| dead.buried_at);
        dead.truncate(most);
        Ok(dead)
    }

    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        let (first, spool) = match which {
            None => (None, None),
            Some(receipts) => {
                let Parted { first, spool } = parted(receipts, |receipt| receipt);
                (Some(first), Some(spool))
            }
        };
        let mut replayed = 0;
        for (queue, which) in [(&self.first, first), (&self.spool, spool)] {
            // A queue whose receipts are not named need not be up.
            if which.as_ref().is_none_or(|receipts| !receipts.is_empty()) {
                replayed += queue.replay(which).await?;
            }
        }
        Ok(replayed)
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError> {
        let mut pings = [self.first.waiting(most).await?, self.spool.waiting(most).await?].concat();
        pings.sort_by_key(|ping| std::cmp::Reverse(ping.received_at));
        pings.truncate(most);
        Ok(pings)
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        let (first, spool) = (self.first.depth().await?, self.spool.depth().await?);
        Ok(QueueDepth {
            waiting: first.waiting + spool.waiting,
            oldest: first.oldest.into_iter().chain(spool.oldest).min(),
            dead: first.dead + spool.dead,
        })
    }
}

fn named(prefix: &str, receipt: &Receipt) -> Receipt {
    Receipt(prefix.to_owned() + &receipt.0)
}

/// Sorts items by the queue that their receipts name, each with its receipt in that queue. Other receipts are
/// ignored.
fn parted<T>(items: Vec<T>, receipt: impl Fn(&mut T) -> &mut Receipt) -> Parted<T> {
    let mut parted = Parted { first: Vec::new(), spool: Vec::new() };
    for mut item in items {
        let receipt = receipt(&mut item);
        if let Some(text) = receipt.0.strip_prefix(FIRST) {
            *receipt = Receipt(text.to_owned());
            parted.first.push(item);
        } else if let Some(text) = receipt.0.strip_prefix(SPOOL) {
            *receipt = Receipt(text.to_owned());
            parted.spool.push(item);
        }
    }
    parted
}
