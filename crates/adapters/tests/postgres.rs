//! The suite on Postgres, and the duties of Postgres alone.

mod cluster;
mod conformance;
mod connecting;
mod connections;
mod failover;
mod housekeeping;
mod idempotency;
mod migrations;
pub(crate) mod pooler;
pub(crate) mod proxy;
mod schema;
mod spent;
mod timers;
mod totals;

use std::time::Duration;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use stint_adapters::postgres::test_database::{PgConnection, TestDatabase};
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_adapters::system::UuidV7Generator;
use stint_adapters::turns::QueueLimits;
use stint_domain::IdGenerator;
use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::time_entry::{NewTimeEntry, RecordTime};
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository};
use stint_domain::ledger::{Job, JobName, JobStatus, Minutes, TimeEntry, WorkSummary};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp};
use uuid::Uuid;

use crate::{PATIENCE, given};

/// A fresh database with the schema, and an adapter that waits for locks and connections as long as a test does. With
/// a deployment's limits, twenty callers at once would time out on a busy machine.
pub(crate) async fn postgres() -> (Postgres, TestDatabase) {
    let database = TestDatabase::create();
    let queue = QueueLimits { max_wait: PATIENCE, ..given::QUEUE };
    let (statement_timeout, lock_timeout) = (PATIENCE, PATIENCE);
    let settings = PostgresSettings { queue, statement_timeout, lock_timeout, ..given::postgres(database.url()) };
    (Postgres::connect(&settings).await.unwrap(), database)
}

/// A connection beside the adapter's.
pub(crate) fn connection(database: &TestDatabase) -> PgConnection {
    PgConnection::establish(&database.url()).unwrap()
}

/// The number in column `n` of a query's result.
pub(crate) fn number(connection: &mut PgConnection, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        n: i64,
    }
    diesel::sql_query(sql).get_result::<Row>(connection).unwrap().n
}

/// Waits until a query returns 1, for conditions that the server announces in no other way.
pub(crate) async fn until(connection: &mut PgConnection, sql: &str) {
    let waiting = async {
        while number(connection, sql) != 1 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect(sql);
}

/// Waits until nobody else is connected. By then the server has counted what a connection did.
pub(crate) async fn until_alone(connection: &mut PgConnection) {
    let alone = "SELECT (count(*) = 0)::int::int8 AS n FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    until(connection, alone).await;
}

/// A new id.
fn id() -> Uuid {
    UuidV7Generator.generate()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
}

async fn job(postgres: &Postgres) -> Job {
    let (id, name) = (JobId::new(id()), JobName::new("Research").unwrap());
    let command = CreateJob { id, name, status: JobStatus::Open, at: at(0), idempotency: None };
    JobRepository::create(postgres, command).await.unwrap().outcome
}

/// Half an hour for `job`.
fn half_an_hour(job: &Job) -> RecordTime {
    let entry = NewTimeEntry {
        id: TimeEntryId::new(id()),
        related_job: job.id,
        minutes_worked: Minutes::new(30).unwrap(),
        date_stamp: "2026-01-02".parse().unwrap(),
        work_summary: WorkSummary::new("read the field notes").unwrap(),
        created_by: Subject::new("ada").unwrap(),
    };
    RecordTime { entry, at: at(1), idempotency: None }
}

async fn entry(postgres: &Postgres, job: &Job) -> TimeEntry {
    postgres.record(half_an_hour(job)).await.unwrap().outcome
}

async fn total(postgres: &Postgres, job: &Job) -> u64 {
    JobRepository::find(postgres, job.id).await.unwrap().unwrap().total_minutes.get()
}
