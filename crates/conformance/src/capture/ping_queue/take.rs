//! Pings come in, are handed out, and are settled.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::poll;
use stint_domain::capture::ports::ping_queue::{QueueDepth, Receipt, TakePings};
use stint_domain::capture::{Gap, Ping, PingProject, PingTarget};
use stint_domain::values::Timestamp;

use super::{LONG, PATIENCE, Queue, SOON, burials, inheriting, now, patiently, pings, push, receipts, take, take_all};
use crate::given::{at, minutes, name, ping, subject, summary};

/// Also optional ones, text of any script, and the first and last moments.
pub async fn every_field_of_a_ping_survives(queue: Queue) {
    let end = |micros| Timestamp::from_micros(micros).unwrap();
    let project =
        |create| PingTarget::Project { project: PingProject::Named(name("Päckchen: \"{[🦭]}\" \\ $p")), create };
    let sent = vec![
        ping(0),
        Ping {
            subject: subject(&"🦭".repeat(120)),
            target: project(true),
            zone: "America/Argentina/Buenos_Aires".parse().unwrap(),
            gap: Gap::new(86_400).unwrap(),
            at: end(1_700_000_000_000_001),
            received_at: end(1_700_000_000_999_999),
            minutes: Some(minutes(1440)),
            summary: Some(summary("two\n\t\"lines\" \u{1f9ee} \u{200b}")),
            ..ping(1)
        },
        Ping {
            target: project(false),
            gap: Gap::new(1).unwrap(),
            at: end(-62_135_596_800_000_000),
            summary: Some(summary("")),
            ..ping(2)
        },
        Ping { at: end(253_402_300_799_999_999), summary: Some(summary(&"ü".repeat(4000))), ..ping(3) },
    ];
    queue.port.push(sent.clone()).await.unwrap();
    let taken = take_all(&queue, "a", 4).await;
    assert_eq!(pings(&taken), sent);
    assert_eq!(taken.iter().map(|delivery| delivery.deliveries).collect::<Vec<_>>(), [1; 4]);
}

/// Those of one push, and those of a push that was answered before the next.
pub async fn pings_are_handed_out_in_the_order_in_which_they_came(queue: Queue) {
    let mut sent = push(&queue, [5, 3, 4]).await;
    sent.extend(push(&queue, [1]).await);
    sent.extend(push(&queue, [2]).await);
    assert_eq!(pings(&take_all(&queue, "a", 5).await), sent);
}

/// None, when none are asked for.
pub async fn no_more_are_handed_out_than_were_asked_for(queue: Queue) {
    let sent = push(&queue, 0..3).await;
    let start = Instant::now();
    assert_eq!(take(&queue, patiently("a", 0)).await, []);
    assert!(start.elapsed() < PATIENCE / 2, "there is nothing to wait for");
    assert_eq!(pings(&take(&queue, patiently("a", 2)).await), sent[..2]);
    assert_eq!(pings(&take(&queue, patiently("a", 2)).await), sent[2..]);
}

/// Any other call without pings or receipts succeeds, too.
pub async fn pushing_none_is_no_failure(queue: Queue) {
    queue.port.push(Vec::new()).await.unwrap();
    queue.port.settle(Vec::new()).await.unwrap();
    queue.port.bury(Vec::new()).await.unwrap();
    assert_eq!(queue.port.replay(Some(Vec::new())).await.unwrap(), 0);
    assert_eq!(take(&queue, now("a", 9)).await, []);
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Not to the same consumer either.
pub async fn a_taken_ping_is_not_handed_out_to_another(queue: Queue) {
    push(&queue, 0..2).await;
    take_all(&queue, "a", 2).await;
    for consumer in ["b", "a"] {
        assert_eq!(take(&queue, now(consumer, 9)).await, []);
    }
}

/// Not even when all other leases would be abandoned.
pub async fn a_settled_ping_is_never_handed_out_again(queue: Queue) {
    push(&queue, 0..3).await;
    let taken = take_all(&queue, "a", 3).await;
    queue.port.settle(receipts(&taken)).await.unwrap();
    let command = TakePings { abandoned_after: Duration::ZERO, ..now("b", 9) };
    assert_eq!(take(&queue, command).await, []);
    assert_eq!(queue.port.waiting(9).await.unwrap(), []);
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Only the named one is settled.
pub async fn settling_one_ping_leaves_the_others(queue: Queue) {
    let sent = push(&queue, 0..3).await;
    let taken = take_all(&queue, "a", 3).await;
    queue.port.settle(vec![taken[1].receipt.clone()]).await.unwrap();
    let inherited = take(&queue, inheriting("b", 9)).await;
    assert_eq!(pings(&inherited), [sent[0].clone(), sent[2].clone()]);
}

/// Known receipts in the same call are settled all the same.
pub async fn settling_twice_or_what_is_unknown_is_harmless(queue: Queue) {
    push(&queue, 0..2).await;
    let taken = take_all(&queue, "a", 2).await;
    let first = taken[0].receipt.clone();
    queue.port.settle(vec![first.clone()]).await.unwrap();
    let odd = ["", "-", "18446744073709551616", "99999999", "1-1-1", "no such receipt", "\0", "🦭"];
    let mut settled: Vec<Receipt> = odd.iter().map(|text| Receipt((*text).to_owned())).collect();
    settled.extend([first.clone(), first, taken[1].receipt.clone()]);
    queue.port.settle(settled).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// And then to a third one. The ping is abandoned while the other consumer is waiting.
pub async fn an_abandoned_ping_is_handed_out_to_another_and_counted(queue: Queue) {
    let sent = push(&queue, [0]).await;
    take_all(&queue, "a", 1).await;
    for (consumer, deliveries) in [("b", 2), ("c", 3), ("a", 4)] {
        let inherited = take(&queue, inheriting(consumer, 9)).await;
        assert_eq!(pings(&inherited), sent);
        assert_eq!(inherited[0].deliveries, deliveries);
    }
}

/// They have waited longer.
pub async fn abandoned_pings_are_handed_out_before_new_ones(queue: Queue) {
    let old = push(&queue, [0]).await;
    take_all(&queue, "a", 1).await;
    let inherited = take(&queue, inheriting("b", 1)).await;
    assert_eq!(pings(&inherited), old);
    let new = push(&queue, [1]).await;
    let command = TakePings { abandoned_after: Duration::ZERO, ..patiently("c", 1) };
    assert_eq!(pings(&take(&queue, command).await), old);
    assert_eq!(pings(&take(&queue, patiently("c", 1)).await), new);
}

/// The first consumer was only slow.
pub async fn a_ping_that_was_handed_on_can_still_be_settled_by_the_first(queue: Queue) {
    push(&queue, [0]).await;
    let taken = take_all(&queue, "slow", 1).await;
    assert_eq!(take(&queue, inheriting("b", 9)).await.len(), 1);
    queue.port.settle(receipts(&taken)).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// The consumer that decides last decides.
pub async fn a_ping_that_was_handed_on_can_still_be_buried_by_the_first(queue: Queue) {
    let sent = push(&queue, [0]).await;
    let taken = take_all(&queue, "slow", 1).await;
    assert_eq!(take(&queue, inheriting("b", 9)).await.len(), 1);
    queue.port.bury(burials(&taken, "told so")).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth { waiting: 0, oldest: None, dead: 1 });
    assert_eq!(take(&queue, TakePings { abandoned_after: Duration::ZERO, ..now("c", 9) }).await, []);
    let dead = queue.port.dead(9).await.unwrap();
    assert_eq!(dead.into_iter().map(|dead| dead.ping).collect::<Vec<_>>(), [Ok(sent[0].clone())]);
}

/// Pings that the call may have taken are handed out again, as if its consumer had died.
pub async fn a_take_that_is_given_up_loses_no_ping(queue: Queue) {
    let mut sent = Vec::new();
    for turns in 0..24 {
        let pushed = tokio::spawn({
            let queue = queue.clone();
            async move { push(&queue, [turns]).await }
        });
        // In some turns there is a ping to take, in others it comes while the take waits.
        if turns % 2 == 0 {
            sent.extend(pushed.await.unwrap());
            give_up(queue.port.take(TakePings { wait: SOON, ..now("gives up", 2) }), turns).await;
        } else {
            give_up(queue.port.take(TakePings { wait: SOON, ..now("gives up", 2) }), turns).await;
            sent.extend(pushed.await.unwrap());
        }
    }
    assert_all_are_inherited(&queue, &sent).await;
}

/// Another consumer takes and settles these pings, in parts, and then nothing is left.
async fn assert_all_are_inherited(queue: &Queue, sent: &[Ping]) {
    let mut inherited = Vec::new();
    while inherited.len() < sent.len() {
        let more = take(queue, inheriting("heir", 30)).await;
        assert!(!more.is_empty() && more.len() <= 30, "{} after {}", more.len(), inherited.len());
        queue.port.settle(receipts(&more)).await.unwrap();
        inherited.extend(pings(&more));
    }
    inherited.sort_by_key(|ping| ping.received_at);
    assert_eq!(inherited, sent);
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Polls the call so many times, and drops it.
async fn give_up(call: impl Future, turns: i64) {
    let mut call = std::pin::pin!(call);
    for _ in 0..=turns {
        if poll!(call.as_mut()).is_ready() {
            break;
        }
        tokio::task::yield_now().await;
    }
}

/// A caller that got no answer pushes again. Whether the ping is stored once or twice, all of it comes out and can be
/// settled.
pub async fn a_ping_that_is_pushed_again_is_no_failure(queue: Queue) {
    let sent = push(&queue, 0..2).await;
    queue.port.push(sent.clone()).await.unwrap();
    queue.port.push([sent.clone(), sent.clone()].concat()).await.unwrap();
    let count = usize::try_from(queue.port.depth().await.unwrap().waiting).unwrap();
    let taken = take_all(&queue, "a", count).await;
    let ids = |pings: &[Ping]| pings.iter().map(|ping| ping.id).collect::<HashSet<_>>();
    assert_eq!(ids(&pings(&taken)), ids(&sent));
    queue.port.settle(receipts(&taken)).await.unwrap();
    assert_eq!(queue.port.depth().await.unwrap(), QueueDepth::default());
}

/// Whether it took them at once or in parts.
pub async fn everything_that_a_dead_consumer_took_is_handed_out_again(queue: Queue) {
    let sent = push(&queue, 0..100).await;
    for _ in 0..4 {
        take_all(&queue, "dead", 25).await;
    }
    assert_all_are_inherited(&queue, &sent).await;
}

/// It returns with the ping, long before its wait is over.
pub async fn a_take_waits_for_a_push(queue: Queue) {
    let waiting = tokio::spawn({
        let queue = queue.clone();
        async move { take(&queue, patiently("a", 9)).await }
    });
    // Whichever of the two is first, the ping comes out.
    tokio::task::yield_now().await;
    let start = Instant::now();
    let sent = push(&queue, [0]).await;
    assert_eq!(pings(&waiting.await.unwrap()), sent);
    assert!(start.elapsed() < PATIENCE / 4, "the take returned after {:?}", start.elapsed());
}

/// Each ping wakes one of them.
pub async fn every_take_that_waits_gets_its_ping(queue: Queue) {
    let waiting = ["a", "b", "c"].map(|consumer| {
        let queue = queue.clone();
        tokio::spawn(async move { take(&queue, patiently(consumer, 1)).await })
    });
    let mut sent = Vec::new();
    for seconds in 0..3 {
        sent.extend(push(&queue, [seconds]).await);
    }
    let taken: Vec<_> = join_all(waiting).await.into_iter().flat_map(Result::unwrap).collect();
    let mut taken = pings(&taken);
    taken.sort_by_key(|ping| ping.received_at);
    assert_eq!(taken, sent);
}

/// It returns nothing. If it returned earlier, a consumer that asks in a loop would spin.
pub async fn a_take_returns_when_its_wait_is_over(queue: Queue) {
    for millis in [0, 30, 300] {
        let (wait, start) = (Duration::from_millis(millis), Instant::now());
        assert_eq!(take(&queue, TakePings { wait, ..now("a", 9) }).await, []);
        let waited = start.elapsed();
        assert!((wait..wait + PATIENCE / 4).contains(&waited), "{waited:?} instead of {wait:?}");
    }
}

/// Handed out or not.
pub async fn waiting_pings_are_shown_newest_first_and_no_more_than_asked_for(queue: Queue) {
    let mut sent = push(&queue, 0..4).await;
    sent.extend(push(&queue, [4]).await);
    take(&queue, patiently("a", 2)).await;
    sent.reverse();
    assert_eq!(queue.port.waiting(9).await.unwrap(), sent);
    assert_eq!(queue.port.waiting(3).await.unwrap(), sent[..3]);
    assert_eq!(queue.port.waiting(0).await.unwrap(), []);
}

/// A ping that is handed out waits until it is settled.
pub async fn depth_tells_what_waits_and_since_when(queue: Queue) {
    let depth = async || queue.port.depth().await.unwrap();
    assert_eq!(depth().await, QueueDepth::default());
    push(&queue, 7..10).await;
    let full = QueueDepth { waiting: 3, oldest: Some(at(7)), dead: 0 };
    assert_eq!(depth().await, full);
    let taken = take(&queue, TakePings { abandoned_after: LONG, ..patiently("a", 1) }).await;
    assert_eq!(depth().await, full);
    queue.port.settle(receipts(&taken)).await.unwrap();
    assert_eq!(depth().await, QueueDepth { waiting: 2, oldest: Some(at(8)), dead: 0 });
}
