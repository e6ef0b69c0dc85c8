//! Look-ups on Postgres, which a thread sends one after the other on a connection of its own.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use futures::future::join_all;
use stint_adapters::coalescing::Coalescing;
use stint_adapters::postgres::test_database::TestDatabase;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::time_entry::ListTimeEntries;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository};
use stint_domain::values::JobId;

use super::callers::{half_an_hour, open_job};
use super::postgres::instance;
use crate::postgres::proxy::Proxy;
use crate::postgres::{connection, number, until};
use crate::{PATIENCE, given};

/// Waits until so many statements of others wait for a lock.
async fn until_blocked(database: &TestDatabase, statements: usize) {
    let blocked = format!(
        "SELECT (count(*) >= {statements})::int::int8 AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'"
    );
    until(&mut connection(database), &blocked).await;
}

fn page(job: JobId) -> ListTimeEntries {
    ListTimeEntries { related_job: Some(job), ..ListTimeEntries::default() }
}

/// The test has one thread, so both look-ups are sent on its connection.
#[tokio::test]
async fn what_waits_behind_a_slow_look_up_is_answered_by_another_connection() {
    let database = TestDatabase::create();
    let (coalescing, postgres) = instance(&database, given::COALESCING).await;
    let ledger = super::ledger(coalescing.clone(), postgres, ());
    let job = open_job(&ledger).await;
    ledger.time_entries.record(half_an_hour(job)).await.unwrap();
    TimeEntryRepository::list(&coalescing, page(job)).await.unwrap();
    let sessions = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND query LIKE '%FROM jobs WHERE id = ANY%' AND pid <> pg_backend_pid()";

    let mut other = connection(&database);
    other.batch_execute("BEGIN; LOCK TABLE time_entries").unwrap();
    let slow = tokio::spawn({
        let coalescing = coalescing.clone();
        async move { TimeEntryRepository::list(&coalescing, page(job)).await }
    });
    until_blocked(&database, 1).await;
    for _ in 0..3 {
        let found = tokio::time::timeout(PATIENCE, JobRepository::find(&coalescing, job)).await;
        assert_eq!(found.expect("it waited behind the slow one").unwrap().unwrap().id, job);
    }
    assert!(!slow.is_finished());
    assert_eq!(number(&mut connection(&database), sessions), 1, "one more connection is enough");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(slow.await.unwrap().unwrap().items.len(), 1);
}

/// Nothing of a server that does not answer is waited for much longer than its own time-out, however many wait.
#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_in_time() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let statement_timeout = Duration::from_millis(500);
    let settings = PostgresSettings { statement_timeout, ..given::postgres(wire.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let coalescing = Coalescing::new(postgres.clone(), given::COALESCING);
    let job = open_job(&super::ledger(coalescing.clone(), postgres, ())).await;
    JobRepository::find(&coalescing, job).await.unwrap().unwrap();
    wire.fall_silent();
    let start = Instant::now();
    // Several statements, of two kinds.
    let found = join_all((0..20).map(|place| {
        let coalescing = coalescing.clone();
        tokio::spawn(async move {
            for _ in 0..place {
                tokio::task::yield_now().await;
            }
            match place % 2 {
                0 => JobRepository::find(&coalescing, job).await.map(drop),
                _ => TimeEntryRepository::list(&coalescing, page(job)).await.map(drop),
            }
        })
    }));
    for found in found.await {
        let error = found.unwrap().unwrap_err();
        assert!(matches!(error.kind, BackendErrorKind::Timeout | BackendErrorKind::Unavailable), "{error:?}");
    }
    assert!(start.elapsed() < PATIENCE);
    wire.speak();
    assert_eq!(JobRepository::find(&coalescing, job).await.unwrap().unwrap().id, job);
}
