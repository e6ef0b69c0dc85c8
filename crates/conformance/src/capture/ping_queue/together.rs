//! Many callers and many pings at once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stint_domain::capture::Ping;
use stint_domain::capture::ports::ping_queue::{QueueDepth, TakePings};
use stint_domain::values::PingId;
use tokio::task::JoinSet;

use super::{LONG, Queue, burials, now, patiently, pings, push, receipts, take, take_all};
use crate::given::ping;
use crate::runtime::Sleeps;

/// As many as a busy service gathers.
pub async fn a_thousand_pings_in_one_push_come_out_once_and_in_order(queue: Queue) {
    let sent = push(&queue, 0..1_000).await;
    let taken = take_all(&queue, "a", 1_000).await;
    assert_eq!(pings(&taken), sent);
    let distinct: HashSet<_> = receipts(&taken).into_iter().collect();
    assert_eq!(distinct.len(), 1_000);
    assert_eq!(take(&queue, now("a", 9)).await, []);
    queue.port.settle(receipts(&taken)).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// While they are pushed. No consumer dies, so nothing is handed out twice.
pub async fn every_ping_of_many_pushers_is_settled_once_by_many_consumers(queue: Queue) {
    const PUSHERS: i64 = 16;
    const EACH: i64 = 20;
    let total = usize::try_from(PUSHERS * EACH).unwrap();
    let mut pushers = JoinSet::new();
    for pusher in 0..PUSHERS {
        let queue = queue.clone();
        pushers.spawn(async move {
            let mut sent = Vec::new();
            for seconds in 0..EACH / 2 {
                sent.extend(push(&queue, [pusher, seconds]).await);
            }
            sent
        });
    }
    let settled = Arc::new(AtomicUsize::new(0));
    let mut consumers = JoinSet::new();
    for consumer in 0..4 {
        let (queue, settled) = (queue.clone(), settled.clone());
        consumers.spawn(async move {
            let (mut seen, command) = (Vec::new(), patiently(&format!("consumer {consumer}"), 7));
            let command = TakePings { wait: std::time::Duration::from_millis(50), abandoned_after: LONG, ..command };
            while settled.load(Ordering::SeqCst) < total {
                let taken = take(&queue, command.clone()).await;
                queue.port.settle(receipts(&taken)).await.unwrap();
                settled.fetch_add(taken.len(), Ordering::SeqCst);
                seen.extend(pings(&taken));
            }
            seen
        });
    }
    let ids = |pings: Vec<Vec<Ping>>| -> Vec<PingId> {
        let mut ids: Vec<_> = pings.into_iter().flatten().map(|ping| ping.id).collect();
        ids.sort();
        ids
    };
    let sent = ids(pushers.join_all().await);
    assert_eq!(sent.len(), total);
    let done = tokio::time::timeout(LONG, consumers.join_all()).await.expect("every ping comes out");
    assert_eq!(ids(done), sent);
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Each ping is either buried or waiting, and exists once.
pub async fn many_who_replay_and_bury_at_once_lose_nothing(queue: Queue) {
    let sent = push(&queue, 0..40).await;
    let mut tasks = JoinSet::new();
    for consumer in 0..4 {
        let queue = queue.clone();
        tasks.spawn(async move {
            for _ in 0..10 {
                let taken = take(&queue, now(&format!("consumer {consumer}"), 5)).await;
                queue.port.bury(burials(&taken, "told so")).await.unwrap();
                queue.port.replay(None).await.unwrap();
            }
        });
    }
    tasks.join_all().await;
    queue.port.replay(None).await.unwrap();
    let mut left = pings(&take_all(&queue, "last", 40).await);
    left.sort_by_key(|ping| ping.received_at);
    assert_eq!(left, sent);
    assert_eq!(queue.port.depth().await.unwrap().waiting, 40);
}

/// See [`mod@crate::runtime`].
pub async fn no_method_of_the_queue_blocks_the_runtime(queue: Queue) {
    const CALLS: usize = 12;
    let (port, mut sleeps) = (&queue.port, Sleeps::default());
    for _ in 0..CALLS {
        sleeps.of("PingQueue::push", port.push(vec![ping(0)])).await.unwrap();
        let taken = sleeps.of("PingQueue::take", port.take(patiently("a", 9))).await.unwrap();
        sleeps.of("PingQueue::bury", port.bury(burials(&taken, "told so"))).await.unwrap();
        sleeps.of("PingQueue::dead", port.dead(9)).await.unwrap();
        sleeps.of("PingQueue::replay", port.replay(None)).await.unwrap();
        sleeps.of("PingQueue::waiting", port.waiting(9)).await.unwrap();
        sleeps.of("PingQueue::depth", port.depth()).await.unwrap();
        let taken = take_all(&queue, "a", 1).await;
        sleeps.of("PingQueue::settle", port.settle(receipts(&taken))).await.unwrap();
    }
    sleeps.assert_few_of(CALLS);
}
