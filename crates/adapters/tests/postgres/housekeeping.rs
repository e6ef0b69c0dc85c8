//! Deletes more rows than one step does, beside rows that must stay.

use diesel::connection::SimpleConnection;
use stint_domain::background::ports::Housekeeping;

use super::*;

#[tokio::test]
async fn pings_go_in_pieces_and_only_those_whose_time_and_arrival_are_old() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    let pings = |seconds: i64, received: i64, count: u32| {
        format!(
            "INSERT INTO pings SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), timestamptz '{}', \
             timestamptz '{}', NULL, NULL, '2026-01-01', 'logged', NULL, now() FROM generate_series(1, {count})",
            at(seconds),
            at(received)
        )
    };
    for sql in [pings(99, 99, 2_500), pings(99, 100, 7), pings(100, 99, 7)] {
        connection.batch_execute(&sql).unwrap();
    }
    assert_eq!(postgres.prune_pings(at(99)).await.unwrap(), 0);
    assert_eq!(postgres.prune_pings(at(100)).await.unwrap(), 2_500);
    assert_eq!(number(&mut connection, "SELECT count(*) AS n FROM pings"), 14);
}

#[tokio::test]
async fn keys_go_in_pieces_and_only_old_ones() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    let insert = format!(
        "INSERT INTO idempotency_keys SELECT gen_random_uuid(), 'key', decode(repeat('00', 32), 'hex'), '', \
         timestamptz '{}' + n * interval '1 second' FROM generate_series(1, 3000) AS n",
        at(0)
    );
    connection.batch_execute(&insert).unwrap();
    assert_eq!(postgres.prune_idempotency_keys(at(2_001)).await.unwrap(), 2_000);
    assert_eq!(number(&mut connection, "SELECT count(*) AS n FROM idempotency_keys"), 1_000);
    assert_eq!(postgres.prune_idempotency_keys(at(2_002)).await.unwrap(), 1);
}

#[tokio::test]
async fn a_key_that_somebody_holds_is_left_for_the_next_time() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    let insert = format!(
        "INSERT INTO idempotency_keys SELECT gen_random_uuid(), 'key' || n, decode(repeat('00', 32), 'hex'), '', \
         timestamptz '{}' FROM generate_series(1, 2) AS n",
        at(0)
    );
    connection.batch_execute(&insert).unwrap();
    connection.batch_execute("BEGIN; SELECT 1 FROM idempotency_keys WHERE key = 'key1' FOR UPDATE").unwrap();
    assert_eq!(postgres.prune_idempotency_keys(at(1)).await.unwrap(), 1);
    connection.batch_execute("COMMIT").unwrap();
    assert_eq!(postgres.prune_idempotency_keys(at(1)).await.unwrap(), 1);
}

#[tokio::test]
async fn runs_go_in_pieces_and_the_latest_stays() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    let insert = "INSERT INTO task_runs SELECT gen_random_uuid(), 'prune', moment, 1, 'one', moment, moment, moment,
        'succeeded', '' FROM generate_series(1, 2200) AS n, LATERAL (SELECT to_timestamp(n) AS moment) AS moments";
    connection.batch_execute(insert).unwrap();
    assert_eq!(postgres.prune_task_runs(at(0)).await.unwrap(), 2_199);
    assert_eq!(number(&mut connection, "SELECT extract(epoch FROM due)::bigint AS n FROM task_runs"), 2_200);
}

/// By the earlier of both moments.
#[tokio::test]
async fn sessions_go_in_pieces_once_they_have_ended() {
    let (postgres, database) = postgres().await;
    let mut connection = connection(&database);
    let moment = |seconds: Option<i64>| seconds.map_or("NULL".to_owned(), |seconds| format!("'{}'", at(seconds)));
    let sessions = |kind: &str, revoked_at: Option<i64>, expires_at: Option<i64>, count: u32| {
        format!(
            "INSERT INTO tokens (id, name, subject, scopes, secret_hash, created_at, revoked_at, expires_at, kind) \
             SELECT gen_random_uuid(), 'ada', 'ada', 'admin', sha256(gen_random_uuid()::text::bytea), now(), \
             {}::timestamptz, {}::timestamptz, {kind} FROM generate_series(1, {count})",
            moment(revoked_at),
            moment(expires_at)
        )
    };
    for sql in [
        sessions("'session'", None, Some(99), 2_300),
        sessions("'invitation'", Some(99), Some(200), 5),
        sessions("'session'", Some(200), Some(99), 5),
        sessions("'session'", None, None, 7),
        sessions("'session'", Some(100), Some(200), 7),
        sessions("NULL", Some(99), Some(99), 7),
    ] {
        connection.batch_execute(&sql).unwrap();
    }
    assert_eq!(postgres.prune_sessions(at(99)).await.unwrap(), 0);
    assert_eq!(postgres.prune_sessions(at(100)).await.unwrap(), 2_310);
    assert_eq!(number(&mut connection, "SELECT count(*) AS n FROM tokens"), 21);
}
