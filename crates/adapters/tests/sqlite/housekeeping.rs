//! Deletes more rows than one step does, beside rows that must stay.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use stint_domain::background::ports::Housekeeping;

use super::{at, bare, database};

/// The number in column `n` of a query's result.
fn number(connection: &mut SqliteConnection, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(connection).unwrap().n
}

/// A recursive table `n` of so many numbers, from 1.
fn numbers(count: u32) -> String {
    format!("WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count})")
}

#[tokio::test]
async fn pings_go_in_pieces_and_only_those_whose_time_and_arrival_are_old() {
    let (sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    let pings = |from: u32, at: i64, received_at: i64, count: u32| {
        format!(
            "{} INSERT INTO pings (id, token_id, related_job, at, received_at, day, status, logged_at) \
             SELECT unhex(printf('%032x', n + {from})), zeroblob(16), zeroblob(16), {at}, \
             {received_at}, '1970-01-01', 'logged', 0 FROM numbers",
            numbers(count)
        )
    };
    for sql in [pings(0, 99, 99, 2_500), pings(10_000, 99, 100, 7), pings(20_000, 100, 99, 7)] {
        bare.batch_execute(&sql).unwrap();
    }
    assert_eq!(sqlite.prune_pings(at(99)).await.unwrap(), 0);
    assert_eq!(sqlite.prune_pings(at(100)).await.unwrap(), 2_500);
    assert_eq!(number(&mut bare, "SELECT count(*) AS n FROM pings"), 14);
}

#[tokio::test]
async fn keys_go_in_pieces_and_only_old_ones() {
    let (sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    let insert = "INSERT INTO idempotency_keys SELECT zeroblob(16), 'key' || n, zeroblob(32), '', n FROM numbers";
    bare.batch_execute(&format!("{} {insert}", numbers(3_000))).unwrap();
    assert_eq!(sqlite.prune_idempotency_keys(at(2_001)).await.unwrap(), 2_000);
    assert_eq!(number(&mut bare, "SELECT min(created_at) AS n FROM idempotency_keys"), 2_001);
}

#[tokio::test]
async fn runs_go_in_pieces_and_the_latest_stays() {
    let (sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    let insert =
        "INSERT INTO task_runs SELECT unhex(printf('%032x', n)), 'prune', n, 1, 'one', n, n, n, 'succeeded', ''
        FROM numbers";
    bare.batch_execute(&format!("{} {insert}", numbers(2_200))).unwrap();
    assert_eq!(sqlite.prune_task_runs(at(10_000)).await.unwrap(), 2_199);
    assert_eq!(number(&mut bare, "SELECT due AS n FROM task_runs"), 2_200);
}

/// By the earlier of both moments.
#[tokio::test]
async fn sessions_go_in_pieces_once_they_have_ended() {
    let (sqlite, folder) = database().await;
    let mut bare = bare(&folder);
    let sessions = |from: u32, kind: &str, revoked_at: &str, expires_at: &str, count: u32| {
        format!(
            "{} INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, revoked_at, expires_at, kind) \
             SELECT unhex(printf('%032x', n + {from})), 'ada', 'ada', 'admin', unhex(printf('%064x', n + {from})), 0, \
             {revoked_at}, {expires_at}, {kind} FROM numbers",
            numbers(count)
        )
    };
    for sql in [
        sessions(0, "'session'", "NULL", "99", 2_300),
        sessions(10_000, "'invitation'", "99", "200", 5),
        sessions(20_000, "'session'", "200", "99", 5),
        sessions(30_000, "'session'", "NULL", "NULL", 7),
        sessions(40_000, "'session'", "100", "200", 7),
        sessions(50_000, "NULL", "99", "99", 7),
    ] {
        bare.batch_execute(&sql).unwrap();
    }
    assert_eq!(sqlite.prune_sessions(at(99)).await.unwrap(), 0);
    assert_eq!(sqlite.prune_sessions(at(100)).await.unwrap(), 2_310);
    assert_eq!(number(&mut bare, "SELECT count(*) AS n FROM tokens"), 21);
}
