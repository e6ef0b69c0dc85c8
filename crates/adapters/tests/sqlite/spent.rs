//! Files that cannot be written, or that are gone and come back.

use std::fs;
use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use stint_adapters::sqlite::Sqlite;
use stint_domain::ledger::ports::job::CreateJobError;
use stint_domain::ledger::ports::totals::TotalsReport;
use stint_domain::ledger::ports::{JobRepository, TotalsAudit};
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};
use tempfile::TempDir;

use super::{bare, database, job, settings};
use crate::until_ok;

async fn write(sqlite: &Sqlite, id: u128) -> Result<(), BackendError> {
    match sqlite.create(job(id)).await {
        Ok(_) => Ok(()),
        Err(CreateJobError::Backend(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    }
}

async fn not_ready(sqlite: &Sqlite) -> BackendError {
    match sqlite.check().await {
        Err(NotReady::Backend(error)) => error,
        other => panic!("{other:?}"),
    }
}

/// The result of a trial is reused for a moment.
async fn until_it_is_ready(sqlite: &Sqlite) {
    until_ok(async || sqlite.check().await).await;
}

fn file(folder: &TempDir, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", settings(folder).path.display()))
}

#[tokio::test]
async fn a_file_that_is_removed_or_replaced_is_noticed_by_the_next_write_and_by_the_health_check() {
    let (sqlite, folder) = database().await;
    let mut id = 0;
    for suffix in ["", "-wal", "-shm"] {
        let (path, aside) = (file(&folder, suffix), folder.path().join("aside"));
        let elsewhere = folder.path().join("elsewhere");
        fs::copy(&path, &elsewhere).unwrap();
        fs::rename(&path, &aside).unwrap();
        for replaced in [false, true] {
            if replaced {
                fs::rename(&elsewhere, &path).unwrap();
            }
            let reason = not_ready(&sqlite).await;
            assert_eq!(reason.kind, BackendErrorKind::Unavailable);
            assert!(reason.source.to_string().starts_with(&format!("the file {} is ", path.display())), "{reason:?}");
            assert_eq!(write(&sqlite, 1_000).await.unwrap_err().kind, BackendErrorKind::Unavailable);
        }
        fs::rename(&aside, &path).unwrap();
        until_it_is_ready(&sqlite).await;
        id += 1;
        write(&sqlite, id).await.unwrap();
    }
    assert_eq!(sqlite.audit().await.unwrap(), TotalsReport { jobs: 3, time_entries: 0, drifts: vec![] });
}

#[tokio::test]
async fn a_folder_that_is_renamed_is_noticed_and_known_again_when_it_is_back() {
    let (sqlite, folder) = database().await;
    let away = folder.path().with_extension("away");
    fs::rename(folder.path(), &away).unwrap();
    not_ready(&sqlite).await;
    write(&sqlite, 1).await.unwrap_err();
    assert!(!folder.path().exists(), "nothing is made in its place");
    fs::rename(&away, folder.path()).unwrap();
    until_it_is_ready(&sqlite).await;
    write(&sqlite, 1).await.unwrap();
}

/// As `stint migrate` does: the write-ahead log must stay when the last other connection closes.
#[tokio::test]
async fn a_migrator_goes_on_without_the_handle_that_made_it() {
    let folder = tempfile::tempdir().unwrap();
    let migrator = Sqlite::open(&settings(&folder)).unwrap().migrator();
    migrator.up().await.unwrap();
    assert!(migrator.check().await.is_ok());
}

/// If another process writes, writes work.
#[tokio::test]
async fn a_file_that_somebody_else_writes_is_ready() {
    let (sqlite, folder) = database().await;
    let mut other = bare(&folder);
    other.batch_execute("BEGIN IMMEDIATE").unwrap();
    sqlite.check().await.unwrap();
}

#[tokio::test]
async fn a_trial_leaves_nothing_behind_and_nobody_waiting() {
    let (sqlite, folder) = database().await;
    sqlite.check().await.unwrap();
    bare(&folder).batch_execute("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK").unwrap();
    write(&sqlite, 1).await.unwrap();
    assert_eq!(super::sharing::stored_keys(&folder), 0);
}

#[tokio::test]
async fn jobs_are_audited_in_steps_and_entries_in_pieces() {
    let (sqlite, folder) = database().await;
    bare(&folder)
        .batch_execute(
            "WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 249)
            INSERT INTO jobs SELECT unhex(printf('%032x', n)), 'Job', 'job', 'open', 4 + (n % 7 = 0), 0, n, n FROM n;
            WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12001)
            INSERT INTO time_entries
                SELECT randomblob(16), id, 2, date('2026-01-01', (n % 40) || ' days'), '', 'ada', 0, 0, 0
                FROM jobs, n WHERE n < 3 OR id = zeroblob(16);
            UPDATE jobs SET total_minutes = 24003 WHERE id = zeroblob(16)",
        )
        .unwrap();
    let TotalsReport { jobs, time_entries, drifts } = sqlite.audit().await.unwrap();
    assert_eq!((jobs, time_entries), (250, 12_001 + 249 * 2));
    let found: Vec<_> = drifts.iter().map(|drift| (drift.job.as_uuid().as_u128(), drift.summed.get())).collect();
    let expected: Vec<_> = (0..250).step_by(7).map(|n| (n, if n == 0 { 24_002 } else { 4 })).collect();
    assert_eq!(found, expected);
}
