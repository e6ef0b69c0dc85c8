//! Sessions that must be replaced, for every reason that a server has; and statements that are ended.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::job::{ChangeJobError, DeleteJob, EntriesOfDeleted, PutJob};
use stint_domain::{BackendError, BackendErrorKind, HealthCheck};

use super::proxy::Proxy;
use super::*;
use crate::given;
use crate::until_ok;

/// A write that may have happened when its connection is lost, so it is never sent again then.
async fn put(postgres: &Postgres, job: &Job) -> Result<(), BackendError> {
    let (name, precondition) = (JobName::new("Review").unwrap(), Precondition::None);
    let command = PutJob { id: job.id, name, status: JobStatus::Open, at: at(2), precondition };
    JobRepository::put(postgres, command).await.map(drop).map_err(|error| match error {
        ChangeJobError::Backend(error) => error,
        refused => panic!("{refused:?}"),
    })
}

fn kill_all(database: &TestDatabase) {
    let others = "SELECT count(pg_terminate_backend(pid, 5000)) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    number(&mut connection(database), others);
}

fn alter(database: &TestDatabase, change: &str) {
    let alter = format!("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I {change}', current_database()); END $$");
    let mut connection = connection(database);
    connection.batch_execute("SET default_transaction_read_only = off").unwrap();
    connection.batch_execute(&alter).unwrap();
}

#[tokio::test]
async fn a_read_only_session_gives_up_all_and_is_written_again_once_new_ones_may() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    alter(&database, "SET default_transaction_read_only = on");
    kill_all(&database);
    // The first read finds its connection lost; then all connections are opened while they may only read.
    let reads = (0..10).map(|_| {
        let (postgres, id) = (postgres.clone(), job.id);
        tokio::spawn(async move { JobRepository::find(&postgres, id).await })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap().unwrap();
    }
    let refused = put(&postgres, &job).await.unwrap_err();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable, "{refused:?}");
    HealthCheck::check(&postgres).await.unwrap_err();

    alter(&database, "RESET default_transaction_read_only");
    until_ok(async || put(&postgres, &job).await).await;
    // The first refused write gave up all sessions, so none of these writes gets a session that may not write.
    let puts = (0..30).map(|_| {
        let (postgres, job) = (postgres.clone(), job.clone());
        tokio::spawn(async move { put(&postgres, &job).await })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_plan_that_no_longer_fits_and_a_statement_that_is_gone_are_not_noticed() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    entry(&postgres, &job).await;
    put(&postgres, &job).await.unwrap();
    let mut other = connection(&database);
    other.batch_execute("ALTER TABLE jobs ALTER COLUMN name TYPE varchar(120)").unwrap();
    assert_eq!(total(&postgres, &job).await, 30, "cached plan must not change result type");
    put(&postgres, &job).await.unwrap();
    entry(&postgres, &job).await;

    // Behind a transaction pooler that the settings do not mention, prepared statements disappear. Here a trigger
    // removes them after each update of a job.
    other
        .batch_execute(
            "CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql AS
                $$ BEGIN EXECUTE 'DEALLOCATE ALL'; RETURN NULL; END $$;
            CREATE TRIGGER forgetful AFTER UPDATE ON jobs EXECUTE FUNCTION forget()",
        )
        .unwrap();
    for _ in 0..3 {
        put(&postgres, &job).await.unwrap();
        total(&postgres, &job).await;
    }
}

#[tokio::test]
async fn a_session_that_the_server_ended_for_idling_is_not_noticed_by_any_write() {
    let database = TestDatabase::create();
    alter(&database, "SET idle_session_timeout = 100");
    let postgres = Postgres::connect(&given::postgres(database.url())).await.unwrap();
    let job = job(&postgres).await;
    alter(&database, "RESET idle_session_timeout");
    let mut other = connection(&database);
    until_alone(&mut other).await;
    put(&postgres, &job).await.unwrap();
}

#[tokio::test]
async fn a_read_that_takes_too_long_leaves_its_session_as_good_as_before() {
    let database = TestDatabase::create();
    let (statement_timeout, lock_timeout) = (Duration::from_millis(100), Duration::from_mins(1));
    let settings =
        PostgresSettings { statement_timeout, lock_timeout, pool_size: 1, ..given::postgres(database.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let job = job(&postgres).await;
    let mut other = connection(&database);
    other.batch_execute("BEGIN; LOCK TABLE jobs").unwrap();
    let error = JobRepository::find(&postgres, job.id).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Timeout, "{error:?}");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(total(&postgres, &job).await, 0);
    put(&postgres, &job).await.unwrap();
}

/// A host that loses its power does not close its connections. Its locks are free once its transaction was idle for
/// too long.
#[tokio::test]
async fn what_a_dead_session_has_locked_is_free_again_soon() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let settings = |url| PostgresSettings { statement_timeout: Duration::from_secs(1), ..given::postgres(url) };
    let dying = Postgres::connect(&settings(wire.url())).await.unwrap();
    let job = job(&dying).await;
    let entry = entry(&dying, &job).await;
    wire.go_dead_at("COMMIT");
    let command = stint_domain::ledger::ports::time_entry::DeleteTimeEntry {
        id: entry.id,
        owner: None,
        at: at(2),
        precondition: Precondition::None,
    };
    TimeEntryRepository::delete(&dying, command.clone()).await.unwrap_err();
    assert!(wire.was_cut());

    let postgres = Postgres::connect(&settings(database.url())).await.unwrap();
    let start = Instant::now();
    while let Err(error) = TimeEntryRepository::delete(&postgres, command.clone()).await {
        assert!(start.elapsed() < Duration::from_mins(1), "{error:?}");
    }
    assert_eq!(total(&postgres, &job).await, 0);
}

#[tokio::test]
async fn what_still_runs_is_ended_for_the_end_of_the_process() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    entry(&postgres, &job).await;
    let slow = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(600); RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON time_entries EXECUTE FUNCTION dawdle()";
    let mut other = connection(&database);
    other.batch_execute(slow).unwrap();
    let deleting = tokio::spawn({
        let (postgres, id) = (postgres.clone(), job.id);
        let command = DeleteJob { id, entries: EntriesOfDeleted::Delete, precondition: Precondition::None };
        async move { JobRepository::delete(&postgres, command).await }
    });
    let sleeps = "SELECT count(*) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'PgSleep'";
    until(&mut other, sleeps).await;
    postgres.end_statements().await.unwrap();
    let Err(ChangeJobError::Backend(error)) = deleting.await.unwrap() else { panic!("it was not ended") };
    assert_eq!(error.kind, BackendErrorKind::Timeout, "{error:?}");
    assert_eq!(total(&postgres, &job).await, 30);
}

#[tokio::test]
async fn no_message_of_the_driver_shows_a_password() {
    for url in [
        "postgres://stint:hun%ter2@127.0.0.1:1/stint",
        "postgres://stint:hun%40ter2%zz@127.0.0.1:1/stint",
        "postgres://stint:hun/ter2@127.0.0.1:1/stint",
        "postgres://stint:hun@ter2@127.0.0.1:1/stint",
        "postgres://stint:hun[ter2@127.0.0.1:1/stint",
        "postgres://127.0.0.1:1/stint?password=hun%ter2",
        "postgres://127.0.0.1:1/stint?password=hun&ter2",
        "postgres://127.0.0.1:1/stint?password=hun=ter2",
        "host=127.0.0.1 port=1 password=hun ter2",
    ] {
        let error = Postgres::connect(&given::postgres(url)).await.err().unwrap();
        let message = format!("{error:?} {error} {}", error.source);
        assert!(!message.contains("hun") && !message.contains("ter2"), "{message}");
    }
}
