//! Entries that are no pings.

use redis::Value;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::Burial;

use super::{Keys, ping, receipts, take};

/// Somebody may have added them by hand, or a later release.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_handed_out_with_its_reason_beside_pings_and_can_be_buried_and_replayed() {
    let keys = Keys::fresh();
    let queue = keys.queue();
    let add = |fields: &[&[u8]]| -> Value {
        redis::cmd("XADD").arg(keys.pings()).arg("*").arg(fields).query(&mut keys.connection()).unwrap()
    };
    add(&[b"ping", b"{\"v\":7}"]);
    add(&[b"pong", b"1", b"\xff\xfe", b"\xff"]);
    add(&[b"ping", b"\xff\x00"]);
    queue.push(vec![ping(0)]).await.unwrap();

    let taken = queue.take(take(9)).await.unwrap();
    let reasons: Vec<_> = taken.iter().map(|delivery| delivery.ping.clone().err().unwrap_or_default()).collect();
    assert!(reasons[0].contains("its version is 7"), "{reasons:?}");
    assert!(reasons[1].contains("the entry has no field `ping`"), "{reasons:?}");
    assert!(reasons[2].contains("what is stored is no ping"), "{reasons:?}");
    assert_eq!(reasons[3], "");
    assert_eq!(queue.waiting(9).await.unwrap().len(), 1);
    assert!(queue.depth().await.unwrap().oldest.is_some());

    let burial = |place: usize| Burial { receipt: taken[place].receipt.clone(), reason: reasons[place].clone() };
    queue.bury((0..3).map(burial).collect()).await.unwrap();
    let dead = queue.dead(9).await.unwrap();
    let texts: Vec<_> = dead.iter().map(|dead| dead.ping.clone().unwrap_err()).collect();
    assert_eq!(texts, ["{\"v\":7}", "pong=1 \u{fffd}\u{fffd}=\u{fffd}", "\u{fffd}\0"]);
    assert_eq!(dead.iter().map(|dead| &dead.reason).collect::<Vec<_>>(), reasons.iter().take(3).collect::<Vec<_>>());

    assert_eq!(queue.replay(None).await.unwrap(), 3);
    let again = queue.take(take(9)).await.unwrap();
    let repeated: Vec<_> = again.iter().map(|delivery| delivery.ping.clone().unwrap_err()).collect();
    assert_eq!(repeated, reasons[..3]);
    queue.settle(receipts(&again)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}

/// Somebody deleted the entry while a consumer had it.
#[tokio::test(flavor = "multi_thread")]
async fn an_entry_that_was_deleted_by_hand_holds_nothing_up() {
    let keys = Keys::fresh();
    let queue = keys.queue();
    queue.push(vec![ping(0), ping(1)]).await.unwrap();
    let taken = queue.take(take(9)).await.unwrap();
    let deleted: u32 =
        redis::cmd("XDEL").arg(keys.pings()).arg(&taken[0].receipt.0).query(&mut keys.connection()).unwrap();
    assert_eq!(deleted, 1);
    let command =
        stint_domain::capture::ports::ping_queue::TakePings { abandoned_after: std::time::Duration::ZERO, ..take(9) };
    let inherited = queue.take(command).await.unwrap();
    assert_eq!(receipts(&inherited), receipts(&taken[1..]));
}
