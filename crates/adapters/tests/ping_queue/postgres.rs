//! In Postgres.

use std::sync::Arc;
use std::time::Instant;

use diesel::connection::SimpleConnection;
use prometheus_client::registry::Registry;
use stint_adapters::postgres::test_database::TestDatabase;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::capture::ping_queue::Queue;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::Burial;

use super::{ping, receipts, take};
use crate::PATIENCE;
use crate::given;
use crate::postgres::pooler::Pooler;
use crate::postgres::{connection, number, postgres, until, until_alone};

async fn queue() -> Queue {
    let (postgres, database) = postgres().await;
    Queue::new(Arc::new(postgres.ping_queue()), database)
}

mod suite {
    stint_conformance::ping_queue!(super::queue);
}

mod behind_a_transaction_pooler {
    use super::*;

    async fn queue() -> Queue {
        let database = TestDatabase::create();
        let pooler = Pooler::up(&database);
        let settings = PostgresSettings { transaction_pooling: true, ..given::postgres(pooler.url()) };
        Queue::new(Arc::new(Postgres::connect(&settings).await.unwrap().ping_queue()), (pooler, database))
    }

    stint_conformance::ping_queue!(queue);
}

/// Another process is not woken by pushes.
#[tokio::test(flavor = "multi_thread")]
async fn a_take_finds_what_another_process_pushed() {
    let (postgres, database) = postgres().await;
    let other = Postgres::connect(&given::postgres(database.url())).await.unwrap().ping_queue();
    let taking = tokio::spawn(async move { postgres.ping_queue().take(take(9)).await.unwrap() });
    // It has looked, and found nothing.
    let looked = "SELECT (count(*) > 0)::int::int8 AS n FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle' AND query LIKE '%FOR UPDATE SKIP LOCKED%'
            AND pid <> pg_backend_pid()";
    until(&mut connection(&database), looked).await;
    let (sent, start) = (ping(0), Instant::now());
    other.push(vec![sent.clone()]).await.unwrap();
    let taken = taking.await.unwrap();
    assert_eq!(taken[0].ping, Ok(sent));
    assert!(start.elapsed() < PATIENCE, "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn text_that_is_no_ping_is_handed_out_with_its_reason_and_can_be_buried() {
    let (postgres, database) = postgres().await;
    let queue = postgres.ping_queue();
    let plant = "INSERT INTO ping_queue (ping, received_at) VALUES ('{\"v\":7}', now()) RETURNING place AS n";
    number(&mut connection(&database), plant);
    let taken = queue.take(take(9)).await.unwrap();
    let reason = taken[0].ping.clone().unwrap_err();
    assert!(reason.contains("its version is 7"), "{reason}");
    queue.bury(vec![Burial { receipt: taken[0].receipt.clone(), reason }]).await.unwrap();
    assert_eq!(queue.dead(9).await.unwrap()[0].ping, Err("{\"v\":7}".to_owned()));
}

/// Even with a plan that was made when there were no buried pings: with it, every lease might read all of them.
#[tokio::test(flavor = "multi_thread")]
async fn pings_that_were_set_aside_are_passed_over_unread() {
    let (postgres, database) = postgres().await;
    let (queue, mut aside) = (postgres.ping_queue(), connection(&database));
    let once = async |seconds: i64| {
        queue.push((seconds..seconds + 10).map(ping).collect()).await.unwrap();
        let taken = queue.take(take(1_000)).await.unwrap();
        assert_eq!((taken.len(), queue.waiting(5).await.unwrap().len()), (10, 5));
        queue.settle(receipts(&taken)).await.unwrap();
        assert_eq!(queue.depth().await.unwrap().waiting, 0);
    };
    queue.push((0..50).map(ping).collect()).await.unwrap();
    // Statistics that say "few, and none buried" for as long as the test runs.
    aside.batch_execute("ALTER TABLE ping_queue SET (autovacuum_enabled = false); ANALYZE ping_queue").unwrap();
    queue.settle(receipts(&queue.take(take(50)).await.unwrap())).await.unwrap();
    once(100).await;
    let bury = "INSERT INTO ping_queue (ping, received_at, dead_reason, buried_at)
        SELECT 'dead', now(), 'told so', now() FROM generate_series(1, 100000)";
    aside.batch_execute(bury).unwrap();
    for round in 2..7 {
        once(round * 100).await;
    }
    // The server counts what a connection read when it ends. Only the depth counts buried pings, in their own index.
    drop((queue, postgres));
    until_alone(&mut aside).await;
    let read = "SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables WHERE relname = 'ping_queue')::int8
        + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes
           WHERE relname = 'ping_queue' AND indexrelname <> 'ping_queue_dead')::int8 AS n";
    let read = number(&mut aside, read);
    assert!(read < 5_000, "{read} rows were read");
}

/// Callers that push at the same moment share an insert.
#[tokio::test(flavor = "multi_thread")]
async fn pushes_of_many_callers_share_statements_and_show_it() {
    let (postgres, _database) = postgres().await;
    let queue = postgres.ping_queue();
    let mut registry = Registry::default();
    queue.register(&mut registry);
    futures::future::join_all((0..200).map(|at| queue.push(vec![ping(at)]))).await;
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let groups = text.lines().find_map(|line| line.strip_prefix("coalescing_ping_queue_group_size_count "));
    let groups: u32 = groups.unwrap().parse().unwrap();
    assert!(groups < 150, "{groups} groups for 200 pushes");
    let mut taken = Vec::new();
    while taken.len() < 200 {
        taken.extend(queue.take(take(200)).await.unwrap());
    }
    queue.settle(receipts(&taken)).await.unwrap();
    assert_eq!(queue.depth().await.unwrap().waiting, 0);
}
