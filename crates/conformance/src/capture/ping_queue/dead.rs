//! Pings that cannot be logged are buried, and replayed.

use std::time::{Duration, Instant};

use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, QueueDepth, Receipt, TakePings};

use super::{PATIENCE, Queue, burials, inheriting, now, patiently, pings, push, receipts, take, take_all};

/// Not even to consumers that ask for abandoned pings.
pub async fn a_buried_ping_is_kept_with_its_reason_and_not_handed_out(queue: Queue) {
    let sent = push(&queue, [1, 2]).await;
    let taken = take_all(&queue, "a", 2).await;
    queue.port.bury(burials(&taken[..1], "its job is gone")).await.unwrap();
    let dead = dead(&queue).await;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].ping.as_ref(), dead[0].reason.as_str()), (Ok(&sent[0]), "its job is gone"));
    let depth = queue.port.depth().await.unwrap();
    assert_eq!(depth, QueueDepth { waiting: 1, oldest: Some(sent[1].received_at), dead: 1 });
    assert_eq!(queue.port.waiting(9).await.unwrap(), sent[1..]);
    assert_eq!(pings(&take(&queue, inheriting("b", 9)).await), sent[1..]);
}

/// By the time of burial. Those of one call may have the same time.
pub async fn dead_pings_are_shown_oldest_first_and_no_more_than_asked_for(queue: Queue) {
    let sent = push(&queue, 0..4).await;
    let taken = take_all(&queue, "a", 4).await;
    for place in [2, 0, 3, 1] {
        queue.port.bury(burials(&taken[place..=place], "told so")).await.unwrap();
        // Two moments that every clock can tell apart.
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    let dead = dead(&queue).await;
    let shown: Vec<_> = dead.iter().map(|dead| dead.ping.clone().unwrap()).collect();
    assert_eq!(shown, [2, 0, 3, 1].map(|place: usize| sent[place].clone()));
    assert!(dead.is_sorted_by_key(|dead| dead.buried_at), "{dead:?}");
    assert_eq!(queue.port.dead(2).await.unwrap(), dead[..2]);
    assert_eq!(queue.port.dead(0).await.unwrap(), []);
}

/// Also within one call.
pub async fn burying_again_keeps_the_first_reason(queue: Queue) {
    push(&queue, [0]).await;
    let taken = take_all(&queue, "a", 1).await;
    queue.port.bury(burials(&taken, "first")).await.unwrap();
    queue.port.bury([burials(&taken, "second"), burials(&taken, "third")].concat()).await.unwrap();
    let dead = dead(&queue).await;
    assert_eq!(dead.iter().map(|dead| dead.reason.as_str()).collect::<Vec<_>>(), ["first"]);
}

/// Unknown receipts are ignored, also beside known ones.
pub async fn burying_what_was_settled_leaves_it_settled(queue: Queue) {
    push(&queue, 0..2).await;
    let taken = take_all(&queue, "a", 2).await;
    queue.port.settle(receipts(&taken[..1])).await.unwrap();
    let unknown = Burial { receipt: Receipt("no such receipt".to_owned()), reason: String::new() };
    queue.port.bury([vec![unknown], burials(&taken, "too late for one")].concat()).await.unwrap();
    assert_eq!(dead(&queue).await.len(), 1);
    let depth = queue.port.depth().await.unwrap();
    assert_eq!(depth, QueueDepth { waiting: 0, oldest: None, dead: 1 });
}

/// A burial means that a person has to look at the ping.
pub async fn settling_late_leaves_a_buried_ping_where_it_is(queue: Queue) {
    push(&queue, [0]).await;
    let taken = take_all(&queue, "a", 1).await;
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    queue.port.settle(receipts(&taken)).await.unwrap();
    assert_eq!(dead(&queue).await.len(), 1);
}

/// Reasons come from other programs. Characters that cannot be stored are replaced.
pub async fn any_text_is_a_reason(queue: Queue) {
    let reasons = ["", "two\nlines", "'; -- \"", "🦭\u{301}", "with a \0 inside", &"long ".repeat(2_000)];
    push(&queue, 0..6).await;
    let taken = take_all(&queue, "a", 6).await;
    let burial = |(delivery, reason): (_, &&str)| burials(std::slice::from_ref(delivery), reason).remove(0);
    queue.port.bury(taken.iter().zip(&reasons).map(burial).collect()).await.unwrap();
    let mut kept: Vec<_> = dead(&queue).await.into_iter().map(|dead| dead.reason.replace('\u{fffd}', "\0")).collect();
    let mut given = reasons.map(str::to_owned);
    kept.sort();
    given.sort();
    assert_eq!(kept, given);
}

/// Its deliveries are counted from zero; otherwise it would be buried again at the first failure.
pub async fn a_replayed_ping_is_handed_out_again_as_if_it_were_new(queue: Queue) {
    let sent = push(&queue, [0]).await;
    take_all(&queue, "a", 1).await;
    let taken = take(&queue, inheriting("b", 1)).await;
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    let receipt = dead(&queue).await.remove(0).receipt;
    assert_eq!(queue.port.replay(Some(vec![receipt.clone(), receipt.clone()])).await.unwrap(), 1);
    assert_eq!(dead(&queue).await, []);
    assert_eq!(queue.port.replay(Some(vec![receipt])).await.unwrap(), 0);
    let again = take(&queue, patiently("c", 9)).await;
    assert_eq!(pings(&again), sent);
    assert_eq!(again[0].deliveries, 1);
    assert_eq!(take(&queue, now("d", 9)).await, []);
    queue.port.settle(receipts(&again)).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Only the named one is replayed.
pub async fn replaying_one_ping_leaves_the_others(queue: Queue) {
    let sent = push(&queue, 0..3).await;
    let taken = take_all(&queue, "a", 3).await;
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    let second = dead(&queue).await.into_iter().find(|dead| dead.ping.as_ref() == Ok(&sent[1])).unwrap();
    assert_eq!(queue.port.replay(Some(vec![second.receipt])).await.unwrap(), 1);
    assert_eq!(pings(&take(&queue, patiently("a", 9)).await), sent[1..2]);
    assert_eq!(dead(&queue).await.len(), 2);
}

/// More than any single command can take.
pub async fn replaying_all_tells_how_many(queue: Queue) {
    assert_eq!(queue.port.replay(None).await.unwrap(), 0);
    let sent = push(&queue, 0..1_200).await;
    let taken = take_all(&queue, "a", 1_200).await;
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth { waiting: 0, oldest: None, dead: 1_200 });
    assert_eq!(queue.port.replay(None).await.unwrap(), 1_200);
    assert_eq!(queue.port.replay(None).await.unwrap(), 0);
    assert_eq!(pings(&take_all(&queue, "b", 1_200).await).len(), sent.len());
    assert_eq!(queue.port.depth().await.unwrap().dead, 0);
}

/// A waiting ping is not buried, so it is not replayed.
pub async fn replaying_what_is_unknown_counts_nothing(queue: Queue) {
    push(&queue, 0..2).await;
    let taken = take(&queue, patiently("a", 1)).await;
    let odd = ["", "-", "99999999", "no such receipt"].map(|text| Receipt(text.to_owned()));
    assert_eq!(queue.port.replay(Some([odd.to_vec(), receipts(&taken)].concat())).await.unwrap(), 0);
    assert_eq!(queue.port.depth().await.unwrap().waiting, 2);
    assert_eq!(take(&queue, now("b", 9)).await.len(), 1, "what is handed out stays so");
}

/// As it does for a push.
pub async fn a_take_waits_for_a_replay(queue: Queue) {
    let sent = push(&queue, [0]).await;
    let taken = take_all(&queue, "a", 1).await;
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { take(&queue, TakePings { wait: PATIENCE, ..now("b", 9) }).await }
    });
    tokio::task::yield_now().await;
    let start = Instant::now();
    queue.port.replay(None).await.unwrap();
    assert_eq!(pings(&waiting.await.unwrap()), sent);
    assert!(start.elapsed() < PATIENCE / 4, "the take returned after {:?}", start.elapsed());
}

async fn dead(queue: &Queue) -> Vec<DeadPing> {
    queue.port.dead(9_999).await.unwrap()
}
