//! Several handles on one file, as in several processes; and how long keys are stored.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use stint_adapters::sqlite::{Sqlite, SqliteSettings};
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::job::CreateJobError;
use stint_domain::ledger::ports::time_entry::RecordTime;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository, TotalsAudit};
use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey};
use stint_domain::values::TokenId;
use tempfile::TempDir;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::schema::MIGRATIONS;
use super::{at, bare, database, job, record, settings};
use crate::PATIENCE;

#[tokio::test(flavor = "multi_thread")]
async fn eight_handles_that_open_and_migrate_a_new_file_at_once_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let settings = settings(&folder);
        tasks.spawn(async move {
            let sqlite = tokio::task::spawn_blocking(move || Sqlite::open(&settings)).await.unwrap().unwrap();
            sqlite.migrator().up().await.unwrap()
        });
    }
    let ran = tasks.join_all().await.concat();
    assert_eq!(ran, MIGRATIONS);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_handles_on_one_file_behave_as_one() {
    let (one, folder) = database().await;
    let other = Sqlite::open(&settings(&folder)).unwrap();
    let job = one.create(job(1)).await.unwrap().outcome;
    assert_eq!(JobRepository::find(&other, job.id).await.unwrap(), Some(job.clone()));

    let mut tasks = JoinSet::new();
    for id in 0..40 {
        let handle = if id % 2 == 0 { one.clone() } else { other.clone() };
        tasks.spawn(async move { handle.record(record(100 + id, None)).await.unwrap() });
    }
    tasks.join_all().await;
    for handle in [&one, &other] {
        let job = JobRepository::find(handle, job.id).await.unwrap().unwrap();
        assert_eq!(job.total_minutes.get(), 40 * 30);
        assert_eq!(handle.audit().await.unwrap().drifts, []);
    }
}

fn impatient(folder: &TempDir) -> Sqlite {
    Sqlite::open(&SqliteSettings { busy_timeout: Duration::from_millis(200), ..settings(folder) }).unwrap()
}

#[tokio::test]
async fn a_write_waits_for_another_process_as_long_as_set_and_is_then_unavailable() {
    let (_sqlite, folder) = database().await;
    let sqlite = impatient(&folder);
    let mut other = bare(&folder);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();

    let start = Instant::now();
    let result = sqlite.create(job(1)).await;
    let waited = start.elapsed();
    let Err(CreateJobError::Backend(error)) = result else { panic!("{result:?}") };
    assert_eq!(error.kind, BackendErrorKind::Unavailable);
    assert!((Duration::from_millis(200)..PATIENCE).contains(&waited), "{waited:?}");
    assert_eq!(JobRepository::find(&sqlite, job(1).id).await.unwrap(), None, "reading goes on");

    other.batch_execute("ROLLBACK").unwrap();
    sqlite.create(job(1)).await.unwrap();
}

#[tokio::test]
async fn a_write_that_finds_the_lock_taken_succeeds_when_it_is_given_back() {
    let (sqlite, folder) = database().await;
    let mut other = bare(&folder);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    let write = tokio::spawn(async move { sqlite.create(job(1)).await });
    tokio::task::yield_now().await;
    other.batch_execute("ROLLBACK").unwrap();
    write.await.unwrap().unwrap();
}

#[tokio::test]
async fn keys_older_than_two_days_are_removed_as_others_are_stored() {
    let (sqlite, folder) = database().await;
    sqlite.create(job(1)).await.unwrap();
    let hour = 3_600_000_000;
    let store = async |key: u32, hours: i64| {
        let idempotency = Idempotency {
            token: TokenId::new(Uuid::nil()),
            key: IdempotencyKey::new(&format!("key-{key}")).unwrap(),
            fingerprint: Fingerprint([0; 32]),
        };
        let command = RecordTime { at: at(hours * hour), ..record(u128::from(key) + 10, Some(idempotency)) };
        sqlite.record(command).await.unwrap();
        stored_keys(&folder)
    };
    for key in 0..6 {
        assert_eq!(store(key, 0).await, i64::from(key) + 1);
    }
    assert_eq!(store(6, 47).await, 7);
    assert_eq!(store(7, 49).await, 4);
    assert_eq!(store(8, 49).await, 3);
}

pub(super) fn stored_keys(folder: &TempDir) -> i64 {
    use diesel::{RunQueryDsl, dsl::sql, sql_types::BigInt};
    diesel::select(sql::<BigInt>("(SELECT count(*) FROM idempotency_keys)")).get_result(&mut bare(folder)).unwrap()
}
