//! The suite on SQLite, and the duties of SQLite alone.

mod conformance;
mod corrupt;
mod file;
mod housekeeping;
mod killed;
mod schema;
mod sharing;
mod spent;

use diesel::{Connection, SqliteConnection};
use stint_adapters::sqlite::{Sqlite, SqliteSettings};
use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::time_entry::{NewTimeEntry, RecordTime};
use stint_domain::ledger::{Idempotency, JobName, JobStatus, Minutes, WorkSummary};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp};
use tempfile::TempDir;
use uuid::Uuid;

use crate::given;

/// A fresh database with the schema, in a folder of its own.
pub(crate) async fn database() -> (Sqlite, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&settings(&folder)).unwrap();
    sqlite.migrator().up().await.unwrap();
    (sqlite, folder)
}

pub(crate) fn settings(folder: &TempDir) -> SqliteSettings {
    given::sqlite(folder.path().join("stint.db"))
}

/// A connection that bypasses the adapter, and so the domain.
pub(crate) fn bare(folder: &TempDir) -> SqliteConnection {
    SqliteConnection::establish(settings(folder).path.to_str().unwrap()).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn job(id: u128) -> CreateJob {
    CreateJob {
        id: JobId::new(Uuid::from_u128(id)),
        name: JobName::new("Research").unwrap(),
        status: JobStatus::Open,
        at: at(0),
        idempotency: None,
    }
}

/// Half an hour of work for job 1.
fn record(id: u128, idempotency: Option<Idempotency>) -> RecordTime {
    let entry = NewTimeEntry {
        id: TimeEntryId::new(Uuid::from_u128(id)),
        related_job: JobId::new(Uuid::from_u128(1)),
        minutes_worked: Minutes::new(30).unwrap(),
        date_stamp: "2026-01-02".parse().unwrap(),
        work_summary: WorkSummary::new("read the field notes").unwrap(),
        created_by: Subject::new("ada").unwrap(),
    };
    RecordTime { entry, at: at(0), idempotency }
}
