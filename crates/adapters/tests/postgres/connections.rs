//! Connections that are lost, late or slow.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::job::{ChangeJobError, DeleteJob, EntriesOfDeleted, JobChanges, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, DeleteTimeEntry, RecordBatch, RecordTimeError, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};

use super::pooler::Pooler;
use super::proxy::Proxy;
use super::*;

use crate::given;

fn put(job: &Job, name: &str) -> PutJob {
    let name = JobName::new(name).unwrap();
    PutJob { id: job.id, name, status: JobStatus::Open, at: at(2), precondition: Precondition::None }
}

fn rename(job: &Job, name: &str) -> UpdateJob {
    let changes = JobChanges { name: Some(JobName::new(name).unwrap()), status: None };
    UpdateJob { id: job.id, changes, at: at(2), precondition: Precondition::None }
}

/// Sets the entry's minutes to 60.
async fn edit(postgres: &Postgres, entry: &TimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
    let changes = TimeEntryChanges { minutes_worked: Some(Minutes::new(60).unwrap()), ..TimeEntryChanges::default() };
    let command = UpdateTimeEntry { id: entry.id, changes, owner: None, at: at(2), precondition: Precondition::None };
    TimeEntryRepository::update(postgres, command).await
}

fn kind(error: &ChangeTimeEntryError) -> BackendErrorKind {
    let ChangeTimeEntryError::Backend(error) = error else { panic!("{error:?}") };
    error.kind
}

/// Reads as many times at once as the pool has connections, so that all of them are opened.
async fn use_every_connection(postgres: &Postgres, job: &Job) {
    let reads = (0..10).map(|_| {
        let (postgres, id) = (postgres.clone(), job.id);
        tokio::spawn(async move { JobRepository::find(&postgres, id).await })
    });
    for read in reads.collect::<Vec<_>>() {
        read.await.unwrap().unwrap();
    }
}

fn kill_all(database: &TestDatabase) {
    let others = "SELECT count(pg_terminate_backend(pid, 5000)) AS n FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()";
    assert!(number(&mut connection(database), others) > 0);
}

#[tokio::test]
async fn reads_and_records_do_not_notice_that_their_connection_was_killed() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    kill_all(&database);
    assert_eq!(total(&postgres, &job).await, 0);
    kill_all(&database);
    let entry = entry(&postgres, &job).await;
    kill_all(&database);
    edit(&postgres, &entry).await.unwrap();
    assert_eq!(total(&postgres, &job).await, 60);
}

#[tokio::test]
async fn one_lost_connection_replaces_all_of_its_generation() {
    let (postgres, database) = postgres().await;
    let job = job(&postgres).await;
    use_every_connection(&postgres, &job).await;
    kill_all(&database);
    assert_eq!(total(&postgres, &job).await, 0);
    // These writes are not repeated when their connection turns out to be dead.
    let puts = (0..30).map(|n| {
        let (postgres, put) = (postgres.clone(), put(&job, &format!("Review {n}")));
        tokio::spawn(async move { JobRepository::put(&postgres, put).await })
    });
    for put in puts.collect::<Vec<_>>() {
        put.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_reported_and_not_replayed() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let postgres = Postgres::connect(&given::postgres(wire.url())).await.unwrap();
    let job = job(&postgres).await;
    let entry = entry(&postgres, &job).await;
    wire.cut_at("COMMIT", true);
    let error = edit(&postgres, &entry).await.unwrap_err();
    assert!(wire.was_cut());
    assert_eq!(kind(&error), BackendErrorKind::Timeout, "it may have been done: {error:?}");
    let committed = "SELECT count(*) AS n FROM time_entries WHERE minutes_worked = 60";
    until(&mut connection(&database), committed).await;
    let stored = TimeEntryRepository::find(&postgres, entry.id).await.unwrap().unwrap();
    assert_eq!(stored.version, entry.version.next(), "it was carried out once");
    assert_eq!(total(&postgres, &job).await, 60);
}

/// A pooler may say in its own words that the server is gone. Nobody can know whether the write was carried out.
#[tokio::test]
async fn a_commit_that_ends_with_unknown_last_words_is_in_doubt_and_not_replayed() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let postgres = Postgres::connect(&given::postgres(wire.url())).await.unwrap();
    let job = job(&postgres).await;
    let entry = entry(&postgres, &job).await;
    wire.end_at("COMMIT", true, "server conn crashed?");
    let error = edit(&postgres, &entry).await.unwrap_err();
    assert!(wire.was_cut());
    assert_eq!(kind(&error), BackendErrorKind::Timeout, "it may have been done: {error:?}");
    let committed = "SELECT count(*) AS n FROM time_entries WHERE minutes_worked = 60";
    until(&mut connection(&database), committed).await;
    let stored = TimeEntryRepository::find(&postgres, entry.id).await.unwrap().unwrap();
    assert_eq!(stored.version, entry.version.next(), "it was carried out once");
    // A read is sent again.
    wire.end_at("FROM jobs WHERE id", false, "server conn crashed?");
    JobRepository::find(&postgres, job.id).await.unwrap().unwrap();
    assert!(wire.was_cut());
}

#[tokio::test]
async fn what_was_lost_before_its_commit_is_done_again() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let postgres = Postgres::connect(&given::postgres(wire.url())).await.unwrap();
    let job = job(&postgres).await;
    let entry = entry(&postgres, &job).await;
    for lost in ["BEGIN", "COMMIT"] {
        let before = TimeEntryRepository::find(&postgres, entry.id).await.unwrap().unwrap();
        wire.cut_at(lost, false);
        let outcome = edit(&postgres, &entry).await;
        assert!(wire.was_cut());
        // The sender of a COMMIT cannot know whether it arrived.
        assert_eq!(outcome.is_ok(), lost == "BEGIN", "{outcome:?}");
        let after = TimeEntryRepository::find(&postgres, entry.id).await.unwrap().unwrap();
        assert_eq!(after.version, if outcome.is_ok() { before.version.next() } else { before.version });
    }
}

#[tokio::test]
async fn a_record_whose_answer_is_lost_is_sent_again_and_counts_once() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let postgres = Postgres::connect(&given::postgres(wire.url())).await.unwrap();
    let job = job(&postgres).await;
    entry(&postgres, &job).await;
    for delivered in [true, false] {
        let before = total(&postgres, &job).await;
        wire.cut_at("read the field notes", delivered);
        entry(&postgres, &job).await;
        assert!(wire.was_cut());
        assert_eq!(total(&postgres, &job).await, before + 30);
    }
}

#[tokio::test]
async fn a_write_that_may_have_happened_is_never_said_not_to_have() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let postgres = Postgres::connect(&given::postgres(wire.url())).await.unwrap();
    let job = job(&postgres).await;
    let entry = entry(&postgres, &job).await;

    wire.cut_at("COMMIT", false);
    let error = edit(&postgres, &entry).await.unwrap_err();
    assert_eq!(kind(&error), BackendErrorKind::Timeout, "{error:?}");

    wire.cut_at("Review", false);
    let error = JobRepository::update(&postgres, rename(&job, "Review")).await.unwrap_err();
    let ChangeJobError::Backend(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind, BackendErrorKind::Timeout, "one statement that is not sent again: {error:?}");

    // The first attempt is in doubt, and the second one finds no server.
    wire.cut_for_good_at("read the field notes");
    let error = postgres.record(half_an_hour(&job)).await.unwrap_err();
    let RecordTimeError::Backend(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind, BackendErrorKind::Timeout, "{error:?}");

    // Now nothing is sent at all; and a read changes nothing, whatever its result.
    let error = edit(&postgres, &entry).await.unwrap_err();
    assert_eq!(kind(&error), BackendErrorKind::Unavailable, "{error:?}");
    let error = JobRepository::find(&postgres, job.id).await.unwrap_err();
    assert_eq!(error.kind, BackendErrorKind::Unavailable);
}

#[tokio::test]
async fn a_doubt_lasts_whatever_a_write_fails_of_later() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let lock_timeout = Duration::from_millis(50);
    let settings = PostgresSettings { lock_timeout, ..given::postgres(wire.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let job = job(&postgres).await;
    let in_doubt = |error| {
        let RecordTimeError::Backend(error) = error else { panic!("{error:?}") };
        assert!(wire.was_cut());
        assert_eq!(error.kind, BackendErrorKind::Timeout, "{error:?}");
        assert_eq!(error.source.to_string(), "the answer to a write was lost");
    };

    // Its first answer is lost; then it waits too long for the job.
    let mut other = connection(&database);
    other.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{}' FOR UPDATE", job.id)).unwrap();
    wire.cut_at("read the field notes", false);
    in_doubt(postgres.record(half_an_hour(&job)).await.unwrap_err());
    other.batch_execute("ROLLBACK").unwrap();

    // Then it finds its id taken, and no server when it looks up the entry with that id.
    let command = half_an_hour(&job);
    postgres.record(command.clone()).await.unwrap();
    wire.cut_at("read the field notes", false);
    wire.cut_for_good_at("ORDER BY id FOR NO KEY UPDATE");
    in_doubt(postgres.record(command).await.unwrap_err());
}

#[tokio::test]
async fn a_read_that_is_cut_off_is_unavailable() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let settings = PostgresSettings { transaction_pooling: true, ..given::postgres(wire.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let job = job(&postgres).await;
    wire.cut_for_good_at("FROM jobs WHERE id");
    let error = JobRepository::find(&postgres, job.id).await.unwrap_err();
    assert!(wire.was_cut());
    assert_eq!(error.kind, BackendErrorKind::Unavailable);
}

#[tokio::test]
async fn a_server_that_is_down_is_unavailable_and_picked_up_when_it_comes() {
    let database = TestDatabase::create();
    let wire = Proxy::down(&database);
    let settings = given::postgres(wire.url());
    let refused = Postgres::connect(&settings).await.err().unwrap();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable);
    let postgres = Postgres::unconnected(&settings);
    let id = JobId::new(Uuid::nil());
    assert_eq!(JobRepository::find(&postgres, id).await.unwrap_err().kind, BackendErrorKind::Unavailable);
    assert!(matches!(HealthCheck::check(&postgres).await, Err(NotReady::Backend(_))));
    wire.start();
    assert_eq!(JobRepository::find(&postgres, id).await.unwrap(), None);
    HealthCheck::check(&postgres).await.unwrap();
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_is_not_waited_for_long() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://stint@{}/stint", silent.local_addr().unwrap());
    let mut settings = given::postgres(url);
    settings.connect_timeout = 2 * PATIENCE;
    settings.health_timeout = Duration::from_millis(100);
    let start = Instant::now();
    let health = HealthCheck::check(&Postgres::unconnected(&settings)).await;
    let timed_out = |error: &BackendError| error.kind == BackendErrorKind::Timeout;
    assert!(matches!(&health, Err(NotReady::Backend(error)) if timed_out(error)), "{health:?}");
    assert!(start.elapsed() < PATIENCE);
    settings.connect_timeout = Duration::from_secs(2);
    let refused = Postgres::connect(&settings).await.err().unwrap();
    assert_eq!(refused.kind, BackendErrorKind::Unavailable);
    assert!(start.elapsed() < PATIENCE);
    // Otherwise the first attempt would go on waiting.
    drop(silent);
}

#[tokio::test]
async fn waiting_for_a_lock_or_a_statement_too_long_is_a_timeout() {
    let database = TestDatabase::create();
    // Long enough for every statement that does not wait for a lock.
    let (short, long) = (Duration::from_secs(1), PATIENCE);
    for (statement_timeout, lock_timeout) in [(short, long), (long, short)] {
        let settings = PostgresSettings { statement_timeout, lock_timeout, ..given::postgres(database.url()) };
        let postgres = Postgres::connect(&settings).await.unwrap();
        let job = job(&postgres).await;
        let mut other = connection(&database);
        other.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{}' FOR UPDATE", job.id)).unwrap();
        let error = JobRepository::update(&postgres, rename(&job, "Review")).await.unwrap_err();
        assert!(format!("{error:?}").contains("Timeout"), "{error:?}");
        other.batch_execute("ROLLBACK").unwrap();
        JobRepository::update(&postgres, rename(&job, "Review")).await.unwrap();
    }
}

#[tokio::test]
async fn deleting_a_job_with_its_entries_may_take_longer_than_a_statement() {
    let database = TestDatabase::create();
    // Long enough for every statement that does not wait for a lock.
    let statement_timeout = Duration::from_secs(1);
    let settings = PostgresSettings { statement_timeout, pool_size: 1, ..given::postgres(database.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let (first, second) = (job(&postgres).await, job(&postgres).await);
    entry(&postgres, &first).await;
    let other = entry(&postgres, &second).await;
    let slow = "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS
            'BEGIN PERFORM pg_sleep(3); RETURN NULL; END';
        CREATE TRIGGER slow BEFORE DELETE ON time_entries EXECUTE FUNCTION dawdle()";
    connection(&database).batch_execute(slow).unwrap();

    let command = DeleteJob { id: first.id, entries: EntriesOfDeleted::Delete, precondition: Precondition::None };
    JobRepository::delete(&postgres, command).await.unwrap();
    assert_eq!(JobRepository::find(&postgres, first.id).await.unwrap(), None);
    // The next statement on this connection has the usual time-out again.
    let command = DeleteTimeEntry { id: other.id, owner: None, at: at(2), precondition: Precondition::None };
    let error = TimeEntryRepository::delete(&postgres, command).await.unwrap_err();
    let ChangeTimeEntryError::Backend(error) = error else { panic!("{error:?}") };
    assert_eq!(error.kind, BackendErrorKind::Timeout);
}

#[tokio::test]
async fn a_deadlock_is_undone_and_tried_again() {
    let (postgres, database) = postgres().await;
    let (first, second) = (job(&postgres).await, job(&postgres).await);
    let mut other = connection(&database);
    other.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{}' FOR UPDATE", second.id)).unwrap();
    let entries = vec![half_an_hour(&first).entry, half_an_hour(&second).entry];
    let command = RecordBatch { entries, mode: BatchMode::Atomic, at: at(1), idempotency: None };
    let batch = tokio::spawn({
        let postgres = postgres.clone();
        async move { postgres.record_batch(command).await }
    });
    let waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    until(&mut connection(&database), waits).await;
    // The batch holds the first job and waits for the second, longer than this statement waits for the first.
    other.batch_execute(&format!("SELECT FROM jobs WHERE id = '{}' FOR UPDATE; COMMIT", first.id)).unwrap();
    assert_eq!(batch.await.unwrap().unwrap().outcome.len(), 2);
    assert_eq!((total(&postgres, &first).await, total(&postgres, &second).await), (30, 30));
}

#[tokio::test]
async fn an_entry_that_moves_while_its_job_is_awaited_is_edited_where_it_went() {
    let (postgres, database) = postgres().await;
    let (from, to) = (job(&postgres).await, job(&postgres).await);
    let entry = entry(&postgres, &from).await;
    let mut other = connection(&database);
    other.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{}' FOR UPDATE", from.id)).unwrap();
    let editing = tokio::spawn({
        let (postgres, entry) = (postgres.clone(), entry.clone());
        async move { edit(&postgres, &entry).await }
    });
    let waits = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database()
        AND wait_event_type = 'Lock'";
    until(&mut connection(&database), waits).await;
    let moves = format!("UPDATE time_entries SET related_job = '{}'", to.id);
    other.batch_execute(&format!("{moves}; UPDATE jobs SET total_minutes = 30 - total_minutes; COMMIT")).unwrap();
    assert_eq!(editing.await.unwrap().unwrap().related_job, to.id);
    assert_eq!((total(&postgres, &from).await, total(&postgres, &to).await), (0, 60));
}

/// The pooler fails the test if anything is.
#[tokio::test]
async fn behind_a_transaction_pooler_nothing_is_kept_in_a_session() {
    let database = TestDatabase::create();
    let pooler = Pooler::up(&database);
    let settings = PostgresSettings { transaction_pooling: true, ..given::postgres(pooler.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let job = job(&postgres).await;
    let entry = entry(&postgres, &job).await;
    edit(&postgres, &entry).await.unwrap();
    assert_eq!(total(&postgres, &job).await, 60);
    postgres.end_statements().await.unwrap();
}

#[tokio::test]
async fn a_database_that_cannot_hold_every_text_is_refused_by_name() {
    for encoding in ["LATIN1", "SQL_ASCII"] {
        let database = TestDatabase::encoded(encoding);
        let refused = Postgres::connect(&given::postgres(database.url())).await.err().unwrap();
        let message = refused.source.to_string();
        assert!(message.starts_with(&format!("the database's encoding is {encoding}, but must be UTF8")), "{message}");
    }
}
