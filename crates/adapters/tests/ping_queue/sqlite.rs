//! In SQLite.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use stint_adapters::sqlite::Sqlite;
use stint_conformance::capture::ping_queue::Queue;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, TakePings};

use super::{ping, receipts, take};
use crate::PATIENCE;
use crate::sqlite::{bare, database, settings};

async fn queue() -> Queue {
    let (sqlite, folder) = database().await;
    Queue::new(Arc::new(sqlite.ping_queue()), folder)
}

stint_conformance::ping_queue!(queue);

/// Another process is not woken by pushes, although it shares the file.
#[tokio::test(flavor = "multi_thread")]
async fn a_take_finds_what_another_process_pushed() {
    let (sqlite, folder) = database().await;
    let (queue, other) = (sqlite.ping_queue(), Sqlite::open(&settings(&folder)).unwrap().ping_queue());
    let taking = tokio::spawn(async move { queue.take(take(9)).await.unwrap() });
    tokio::time::sleep(Duration::from_millis(150)).await;
    let (sent, start) = (ping(0), Instant::now());
    other.push(vec![sent.clone()]).await.unwrap();
    let taken = taking.await.unwrap();
    assert_eq!(taken[0].ping, Ok(sent));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

/// Writers of the ledger would wait for that lock.
#[tokio::test(flavor = "multi_thread")]
async fn a_take_from_an_empty_queue_needs_no_write_lock() {
    let (sqlite, folder) = database().await;
    let mut other = bare(&folder);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    // A take that needed the lock would fail without it.
    let command = TakePings { wait: Duration::from_millis(250), ..take(9) };
    assert_eq!(sqlite.ping_queue().take(command).await.unwrap(), []);
    other.batch_execute("ROLLBACK").unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_ping_is_handed_out_with_its_reason_and_can_be_buried_and_replayed() {
    let (sqlite, folder) = database().await;
    let queue = sqlite.ping_queue();
    let plant = "INSERT INTO ping_queue (ping, received_at) VALUES ('{\"v\":7}', 1700000000000000)";
    diesel::sql_query(plant).execute(&mut bare(&folder)).unwrap();
    queue.push(vec![ping(0)]).await.unwrap();

    let taken = queue.take(take(9)).await.unwrap();
    let reason = taken[0].ping.clone().unwrap_err();
    assert!(reason.contains("its version is 7"), "{reason}");
    assert!(taken[1].ping.is_ok());
    assert_eq!(queue.waiting(9).await.unwrap().len(), 1);
    assert_eq!(queue.depth().await.unwrap().oldest, Some(ping(0).received_at));
    queue.bury(vec![Burial { receipt: taken[0].receipt.clone(), reason }]).await.unwrap();
    let dead = queue.dead(9).await.unwrap();
    assert_eq!(dead[0].ping, Err("{\"v\":7}".to_owned()));
    assert_eq!(queue.replay(None).await.unwrap(), 1);
    let again = queue.take(take(9)).await.unwrap();
    assert!(again[0].ping.is_err());
    queue.settle(receipts(&again)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 1);
}
