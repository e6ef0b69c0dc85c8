//! Over two queues.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use stint_adapters::capture::spooling::Spooling;
use stint_adapters::memory::Memory;
use stint_conformance::capture::ping_queue::Queue;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::{BackendError, BackendErrorKind};

use super::{ping, receipts, take};
use crate::PATIENCE;

mod over_memory {
    use super::*;

    async fn queue() -> Queue {
        Queue::new(Arc::new(Spooling::new(Arc::new(Memory::new()), Arc::new(Memory::new()))), ())
    }

    stint_conformance::ping_queue!(queue);
}

mod refusing {
    use super::*;

    async fn queue() -> Queue {
        Queue::new(Arc::new(Spooling::refusing(Arc::new(Memory::new()), Arc::new(Memory::new()))), ())
    }

    stint_conformance::ping_queue!(queue);
}

/// With a first queue that is down from the start.
mod without_the_first {
    use super::*;

    /// The duties that need only a queue that stores pings and hands them out.
    async fn queue() -> Queue {
        let first = Breakable::default();
        first.fail_with(Some(BackendErrorKind::Unavailable));
        Queue::new(Arc::new(Spooling::new(Arc::new(first), Arc::new(Memory::new()))), ())
    }

    #[test]
    fn pings_are_kept_and_handed_out() {
        use stint_conformance::capture::ping_queue::take::{
            a_take_waits_for_a_push, every_field_of_a_ping_survives, every_take_that_waits_gets_its_ping,
        };
        stint_conformance::suite::run(queue, every_field_of_a_ping_survives);
        stint_conformance::suite::run(queue, a_take_waits_for_a_push);
        stint_conformance::suite::run(queue, every_take_that_waits_gets_its_ping);
    }
}

#[cfg(all(feature = "redis", feature = "test-support"))]
mod redis_over_sqlite {
    use super::*;

    async fn queue() -> Queue {
        let keys = crate::ping_queue::redis::Keys::fresh();
        let (sqlite, folder) = crate::sqlite::database().await;
        let spooling = Spooling::new(Arc::new(keys.queue()), Arc::new(sqlite.ping_queue()));
        Queue::new(Arc::new(spooling), (keys, folder))
    }

    stint_conformance::ping_queue!(queue);
}

/// A queue in memory that fails on demand.
#[derive(Clone, Default)]
struct Breakable {
    memory: Memory,
    kind: Arc<Mutex<Option<BackendErrorKind>>>,
    takes: Arc<AtomicUsize>,
}

impl Breakable {
    fn fail_with(&self, kind: Option<BackendErrorKind>) {
        *self.kind.lock().unwrap() = kind;
    }

    fn works(&self) -> Result<(), BackendError> {
        self.kind.lock().unwrap().map_or(Ok(()), |kind| Err(BackendError::new("breakable", kind, "it was told to")))
    }
}

#[async_trait]
impl PingQueue for Breakable {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        self.works()?;
        self.memory.push(pings).await
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        self.takes.fetch_add(1, Ordering::SeqCst);
        self.works()?;
        self.memory.take(command).await
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        self.works()?;
        self.memory.settle(receipts).await
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        self.works()?;
        self.memory.bury(burials).await
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError> {
        self.works()?;
        self.memory.dead(most).await
    }

    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        self.works()?;
        self.memory.replay(which).await
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError> {
        self.works()?;
        self.memory.waiting(most).await
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        self.works()?;
        self.memory.depth().await
    }
}

fn pair() -> (Breakable, Breakable, Spooling) {
    let (first, spool) = (Breakable::default(), Breakable::default());
    let spooling = Spooling::new(Arc::new(first.clone()), Arc::new(spool.clone()));
    (first, spool, spooling)
}

#[tokio::test]
async fn pings_go_to_the_spool_while_the_first_is_down_and_to_the_first_again_after() {
    for kind in [BackendErrorKind::Unavailable, BackendErrorKind::Timeout] {
        let (first, spool, spooling) = pair();
        spooling.push(vec![ping(0)]).await.unwrap();
        first.fail_with(Some(kind));
        spooling.push(vec![ping(1), ping(2)]).await.unwrap();
        assert_eq!(spooling.depth().await.unwrap_err().kind, kind);
        first.fail_with(None);
        spooling.push(vec![ping(3)]).await.unwrap();
        assert_eq!(spool.depth().await.unwrap().waiting, 2);
        let oldest = Some(ping(0).received_at);
        assert_eq!(spooling.depth().await.unwrap(), QueueDepth { waiting: 4, oldest, dead: 0 });

        let mut taken = Vec::new();
        while taken.len() < 4 {
            taken.extend(spooling.take(take(9)).await.unwrap());
        }
        spooling.settle(receipts(&taken)).await.unwrap();
        assert_eq!(spooling.depth().await.unwrap(), QueueDepth::default());
    }
}

#[tokio::test]
async fn a_defect_of_the_first_is_not_hidden_by_the_spool() {
    let (first, spool, spooling) = pair();
    first.fail_with(Some(BackendErrorKind::Internal));
    assert_eq!(spooling.push(vec![ping(0)]).await.unwrap_err().kind, BackendErrorKind::Internal);
    assert_eq!(spool.depth().await.unwrap().waiting, 0);
}

/// Pings may wait in the spool when it is turned off, or from the time before Redis.
#[tokio::test]
async fn pings_that_a_spool_holds_come_out_while_new_ones_are_refused_to_it() {
    let (first, spool) = (Breakable::default(), Breakable::default());
    spool.push(vec![ping(0)]).await.unwrap();
    let spooling = Spooling::refusing(Arc::new(first.clone()), Arc::new(spool.clone()));
    first.fail_with(Some(BackendErrorKind::Unavailable));
    assert_eq!(spooling.push(vec![ping(1)]).await.unwrap_err().kind, BackendErrorKind::Unavailable);
    assert_eq!(spool.depth().await.unwrap().waiting, 1);
    let taken = spooling.take(take(9)).await.unwrap();
    assert_eq!(taken[0].ping.as_ref().unwrap().received_at, ping(0).received_at);
    first.fail_with(None);
    spooling.push(vec![ping(2)]).await.unwrap();
    assert_eq!(spooling.depth().await.unwrap().waiting, 2);
    assert_eq!(spooling.waiting(9).await.unwrap().len(), 2);
    spooling.settle(receipts(&taken)).await.unwrap();
    assert_eq!(spool.depth().await.unwrap(), QueueDepth::default());
}

/// When the first queue may have stored the pings, the caller is not told that nothing happened.
#[tokio::test]
async fn a_push_that_neither_keeps_is_refused() {
    let (first, spool, spooling) = pair();
    spool.fail_with(Some(BackendErrorKind::Unavailable));
    for kind in [BackendErrorKind::Unavailable, BackendErrorKind::Timeout] {
        first.fail_with(Some(kind));
        assert_eq!(spooling.push(vec![ping(0)]).await.unwrap_err().kind, kind);
    }
}

#[tokio::test]
async fn spooled_pings_are_handed_out_while_the_first_is_down_without_spinning() {
    let (first, spool, spooling) = pair();
    first.fail_with(Some(BackendErrorKind::Unavailable));
    let start = Instant::now();
    let wait = Duration::from_secs(1);
    let nothing = spooling.take(TakePings { wait, ..take(9) }).await;
    assert_eq!(nothing.unwrap(), [], "who would be told of a failure would wait before asking again");
    assert!(start.elapsed() >= wait);
    let asked = first.takes.load(Ordering::SeqCst);
    assert!(asked < 20, "the first was asked {asked} times within a second");

    spooling.push(vec![ping(1)]).await.unwrap();
    let taken = spooling.take(take(9)).await.unwrap();
    assert_eq!(taken[0].ping.as_ref().unwrap().received_at, ping(1).received_at);
    spooling.settle(receipts(&taken)).await.unwrap();

    spool.fail_with(Some(BackendErrorKind::Timeout));
    spooling.take(TakePings { wait, ..take(9) }).await.unwrap_err();
    first.fail_with(None);
    let start = Instant::now();
    assert_eq!(spooling.take(TakePings { wait, ..take(9) }).await.unwrap(), []);
    assert!(start.elapsed() >= wait);
}

/// A take that waits for the first queue notices pings in the spool.
#[tokio::test]
async fn a_spooled_ping_is_not_kept_waiting_by_a_take_that_waits_for_the_first() {
    let (_first, spool, spooling) = pair();
    let taking = tokio::spawn(async move { spooling.take(take(9)).await.unwrap() });
    tokio::task::yield_now().await;
    let start = Instant::now();
    spool.push(vec![ping(0)]).await.unwrap();
    assert_eq!(taking.await.unwrap().len(), 1);
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test]
async fn neither_queue_starves_the_other() {
    for full_one_is_first in [true, false] {
        let (first, spool, spooling) = pair();
        let (full, other) = if full_one_is_first { (first, spool) } else { (spool, first) };
        full.push((0..100).map(ping).collect()).await.unwrap();
        other.push(vec![ping(1_000)]).await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..2 {
            taken.extend(spooling.take(take(5)).await.unwrap());
        }
        let came_out = taken.iter().any(|taken| taken.ping.as_ref().unwrap().received_at == ping(1_000).received_at);
        assert!(came_out, "the full queue fills both takes; it is the first: {full_one_is_first}");
    }
}

#[tokio::test]
async fn dead_pings_of_both_are_shown_and_replayed_where_they_came_from() {
    let (first, spool, spooling) = pair();
    first.push(vec![ping(0)]).await.unwrap();
    spool.push(vec![ping(1)]).await.unwrap();
    let mut taken = spooling.take(take(9)).await.unwrap();
    taken.sort_by_key(|taken| taken.ping.as_ref().unwrap().received_at);
    let reason = "told so".to_owned();
    let burials = receipts(&taken).into_iter().map(|receipt| Burial { receipt, reason: reason.clone() }).collect();
    spooling.bury(burials).await.unwrap();
    let dead = spooling.dead(9).await.unwrap();
    assert_eq!(dead.len(), 2);
    let of_spool = dead.iter().find(|dead| dead.ping.as_ref().unwrap().received_at == ping(1).received_at).unwrap();
    first.fail_with(Some(BackendErrorKind::Unavailable));
    assert_eq!(spooling.replay(Some(vec![of_spool.receipt.clone()])).await.unwrap(), 1);
    assert_eq!(spool.depth().await.unwrap(), QueueDepth { waiting: 1, oldest: Some(ping(1).received_at), dead: 0 });
    first.fail_with(None);
    assert_eq!(first.depth().await.unwrap().dead, 1);
    assert_eq!(spooling.replay(None).await.unwrap(), 1);
}
