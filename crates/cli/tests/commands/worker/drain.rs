//! Pings that wait in the database: logged once even if a process dies, or set aside with a reason.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::Value;

use crate::support::{PATIENCE, Stint, until};

const JOB: &str = "00000000-0000-0000-0000-000000000000";

/// A job, and a connection beside the worker's.
fn with_job(stint: &Stint) -> SqliteConnection {
    let mut database = stint.sqlite();
    let job = "INSERT INTO jobs VALUES (zeroblob(16), 'Research', 'research', 'open', 0, 1, 0, 0)";
    database.batch_execute(job).unwrap();
    database
}

/// Pushes pings of a minute each, with the numbers in this range, as another process would.
fn push(database: &mut SqliteConnection, from: u32, to: u32) {
    let ping = format!(
        r#"printf('{{"v":1,"id":"00000000-0000-0000-0001-%012d","tok":"{JOB}","sub":"ada","job":"{JOB}","tz":"UTC","gap":900,"at":1700000000000000,"rcv":1700000000000000,"min":1}}', n)"#
    );
    let sql = format!(
        "WITH RECURSIVE numbers (n) AS (SELECT {from} UNION ALL SELECT n + 1 FROM numbers WHERE n < {to})
        INSERT INTO ping_queue (ping, received_at) SELECT {ping}, 1700000000000000 FROM numbers"
    );
    database.batch_execute(&sql).unwrap();
}

/// The number that a query answers with, in a column `n`.
fn number(database: &mut SqliteConnection, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(database).unwrap().n
}

/// Does this while a worker has a group. Meanwhile the group cannot be settled, nor logged if it is not logged yet.
///
/// More pings are pushed until a group is seen in hand, however seldom this process gets the file. `pushed` counts them.
#[track_caller]
fn in_hand(database: &mut SqliteConnection, pushed: &mut u32, work: impl FnOnce()) {
    let before = number(database, "SELECT coalesce(max(taken_at), 0) AS n FROM ping_queue");
    let begun = Instant::now();
    loop {
        database.batch_execute("BEGIN IMMEDIATE").unwrap();
        if number(database, &format!("SELECT count(*) AS n FROM ping_queue WHERE taken_at > {before}")) > 0 {
            work();
            return database.batch_execute("COMMIT").unwrap();
        }
        if number(database, "SELECT count(*) AS n FROM ping_queue WHERE taken_at IS NULL") < 1_000 {
            push(database, *pushed + 1, *pushed + 1_000);
            *pushed += 1_000;
        }
        database.batch_execute("COMMIT").unwrap();
        assert!(begun.elapsed() < PATIENCE, "nobody takes pings");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the queue is empty.
#[track_caller]
fn until_drained(database: &mut SqliteConnection) {
    let left = "SELECT count(*) AS n FROM ping_queue WHERE buried_at IS NULL";
    until("nothing waits", || number(database, left) == 0);
}

fn total(database: &mut SqliteConnection) -> i64 {
    number(database, "SELECT total_minutes AS n FROM jobs")
}

fn dead(stint: &Stint) -> Vec<Value> {
    serde_json::from_str(&stint.run(&["pings", "dead", "--json"]).succeeded()).unwrap()
}

#[test]
fn pings_become_time_and_what_is_none_is_set_aside_until_it_is_replayed() {
    let stint = Stint::new().migrated();
    let mut database = with_job(&stint);
    push(&mut database, 1, 1_200);
    database.batch_execute("INSERT INTO ping_queue (ping, received_at) VALUES ('no ping', 0)").unwrap();
    push(&mut database, 1_100, 1_300);
    let mut worker = stint.work();
    until_drained(&mut database);
    worker.signal("TERM");
    assert!(worker.ended().success());
    assert_eq!(total(&mut database), 1_300);
    let sound = "jobs: 1, time entries: 1300; every total equals its sum\n";
    assert_eq!(stint.run(&["check", "totals"]).succeeded(), sound);

    let [letter] = &dead(&stint)[..] else { panic!("{:?}", dead(&stint)) };
    let reason = letter["reason"].as_str().unwrap();
    assert!(reason.starts_with("cannot be read: what is stored is no ping: "), "{reason}");
    assert_eq!(letter["ping"], Value::Null);
    let receipt = letter["receipt"].as_str().unwrap().to_owned();
    assert!(stint.run(&["pings", "dead"]).succeeded().contains(&format!("\n{receipt} ")));

    let unknown = stint.run(&["pings", "replay", "4242"]);
    assert_eq!((unknown.status, unknown.stdout.as_str()), (1, "put back: 0\n"), "{unknown:?}");
    assert_eq!(stint.run(&["pings", "replay", &receipt]).succeeded(), "put back: 1\n");
    assert_eq!(dead(&stint), Vec::<Value>::new());
    // The service also works as a worker, and cannot log it either.
    stint.serve().logged("buried a ping; `stint pings dead` lists it");
}

#[test]
fn a_killed_worker_loses_nothing_and_counts_nothing_twice() {
    let stint = Stint::new().migrated().set("STINT_WORKER__ABANDONED_AFTER", "10s").set("STINT_WORKER__GROUP", "100");
    let mut database = with_job(&stint);
    let (mut pushed, mut former) = (0, 0);
    for _ in 0..3 {
        let mut worker = stint.work();
        in_hand(&mut database, &mut pushed, || {
            worker.signal("KILL");
            worker.ended();
        });
        let left = number(&mut database, "SELECT count(*) AS n FROM ping_queue WHERE taken_at IS NOT NULL");
        assert!(left > former, "it had pings in hand, which nobody else may have yet: {left}, and {former} before");
        former = left;
    }
    let first = stint.work();
    let second = stint.work();
    until_drained(&mut database);
    let logged = number(&mut database, "SELECT count(*) AS n FROM pings WHERE status = 'logged'");
    assert_eq!((total(&mut database), logged), (i64::from(pushed), i64::from(pushed)));
    drop((first, second));
}
