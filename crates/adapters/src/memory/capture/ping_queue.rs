//! Waiting pings in memory: two maps by place. They are lost when the process ends.

use std::time::Duration;

use async_trait::async_trait;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::values::Timestamp;
use stint_domain::{BackendError, Clock};
use tokio::time::{Instant, timeout_at};

use crate::memory::Memory;
use crate::memory::state::{Dead, Queue, Waiting};
use crate::system::SystemClock;

impl Queue {
    fn push(&mut self, ping: Ping) {
        self.last_place += 1;
        self.waiting.insert(self.last_place, Waiting { ping, taken_at: None, deliveries: 0 });
    }

    fn take(&mut self, most: usize, abandoned_after: Duration) -> Vec<Delivery> {
        let now = Instant::now();
        let is_free = |waiting: &Waiting| waiting.taken_at.is_none_or(|at| now.duration_since(at) >= abandoned_after);
        let free = self.waiting.iter_mut().filter(|(_, waiting)| is_free(waiting)).take(most);
        let deliver = |(place, waiting): (&u64, &mut Waiting)| {
            waiting.taken_at = Some(now);
            waiting.deliveries += 1;
            Delivery { receipt: receipt(*place), ping: Ok(waiting.ping.clone()), deliveries: waiting.deliveries }
        };
        free.map(deliver).collect()
    }

    /// When the next ping counts as abandoned.
    fn next_abandoned(&self, abandoned_after: Duration) -> Option<Instant> {
        self.waiting.values().filter_map(|waiting| waiting.taken_at?.checked_add(abandoned_after)).min()
    }

    fn bury(&mut self, burial: Burial, buried_at: Timestamp) {
        if let Some((place, Waiting { ping, .. })) =
            place(&burial.receipt).and_then(|at| self.waiting.remove_entry(&at))
        {
            self.dead.insert(place, Dead { ping, reason: burial.reason, buried_at });
        }
    }
}

#[async_trait]
impl PingQueue for Memory {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        let mut queue = self.pings();
        for ping in pings {
            queue.push(ping);
        }
        drop(queue);
        self.pushed.notify_waiters();
        Ok(())
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        let TakePings { most, wait, abandoned_after, .. } = command;
        let end = Instant::now().checked_add(wait);
        loop {
            // Registers before it looks, so that no later push is missed.
            let mut pushed = std::pin::pin!(self.pushed.notified());
            pushed.as_mut().enable();
            let (taken, next_abandoned) = {
                let mut queue = self.pings();
                (queue.take(most, abandoned_after), queue.next_abandoned(abandoned_after))
            };
            if most == 0 || !taken.is_empty() || end.is_some_and(|end| Instant::now() >= end) {
                return Ok(taken);
            }
            match end.into_iter().chain(next_abandoned).min() {
                Some(at) => _ = timeout_at(at, pushed).await,
                None => pushed.await,
            }
        }
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        let mut queue = self.pings();
        receipts.iter().filter_map(place).for_each(|place| drop(queue.waiting.remove(&place)));
        Ok(())
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        let (mut queue, at) = (self.pings(), SystemClock.now());
        for burial in burials {
            queue.bury(burial, at);
        }
        Ok(())
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError> {
        let queue = self.pings();
        let dead = |(place, Dead { ping, reason, buried_at }): (&u64, &Dead)| DeadPing {
            receipt: receipt(*place),
            ping: Ok(ping.clone()),
            reason: reason.clone(),
            buried_at: *buried_at,
        };
        let mut dead: Vec<_> = queue.dead.iter().map(dead).collect();
        dead.sort_by_key(|dead| dead.buried_at);
        dead.truncate(most);
        Ok(dead)
    }

    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        let mut queue = self.pings();
        let places = match which {
            Some(receipts) => receipts.iter().filter_map(place).collect(),
            None => queue.dead.keys().copied().collect::<Vec<_>>(),
        };
        let mut replayed = 0;
        for Dead { ping, .. } in places.iter().filter_map(|place| queue.dead.remove(place)).collect::<Vec<_>>() {
            queue.push(ping);
            replayed += 1;
        }
        drop(queue);
        self.pushed.notify_waiters();
        Ok(replayed)
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError> {
        Ok(self.pings().waiting.values().rev().take(most).map(|waiting| waiting.ping.clone()).collect())
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        let queue = self.pings();
        let count = |length: usize| length.try_into().unwrap_or(u64::MAX);
        Ok(QueueDepth {
            waiting: count(queue.waiting.len()),
            oldest: queue.waiting.values().next().map(|waiting| waiting.ping.received_at),
            dead: count(queue.dead.len()),
        })
    }
}

fn receipt(place: u64) -> Receipt {
    Receipt(place.to_string())
}

fn place(receipt: &Receipt) -> Option<u64> {
    receipt.0.parse().ok()
}
