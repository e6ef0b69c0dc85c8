//! A plan that was made while the tables were almost empty, where reading all of one looks cheap, must not be used for
//! long in a ledger that grows.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_adapters::coalescing::{Coalescing, CoalescingSettings};
use stint_adapters::postgres::test_database::TestDatabase;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::Ledger;
use stint_domain::ports::time_entry::{ListTimeEntries, RecordTime};
use stint_domain::values::{JobId, TokenId};
use stint_domain::{Fingerprint, Idempotency, IdempotencyKey};

use super::callers::{delete, fresh, half_an_hour, open_job, set_minutes};
use crate::postgres::{number, until_alone};

/// Rows that were read, by index or not, as connections that are closed have told.
const ROWS_READ: &str = "
    SELECT (SELECT sum(seq_tup_read) FROM pg_stat_user_tables)::int8
        + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)::int8 AS n";

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_made_for_an_empty_ledger_reads_few_rows_of_a_large_one() {
    let database = TestDatabase::create();
    let group_pool_size = CoalescingSettings::POSTGRES.groups().try_into().unwrap();
    // No plan is used twice.
    let settings =
        PostgresSettings { group_pool_size, group_uses_per_plan: 0, ..PostgresSettings::new(database.url()) };
    let postgres = Postgres::connect(&settings).await.unwrap();
    let coalescing = Coalescing::new(postgres.clone(), CoalescingSettings::POSTGRES);
    let ledger = super::ledger(coalescing, postgres, ());
    let mut aside = PgConnection::establish(&database.url()).unwrap();
    // Statistics that say "almost empty" for as long as the test runs.
    let tables = ["jobs", "time_entries", "idempotency_keys"];
    let keep = |table| format!("ALTER TABLE {table} SET (autovacuum_enabled = false); ANALYZE {table};");
    let job = open_job(&ledger).await;
    ledger.time_entries.record(once(job)).await.unwrap();
    aside.batch_execute(&tables.map(keep).concat()).unwrap();
    one_of_each(&ledger, job).await;
    aside
        .batch_execute(&format!(
            "SET session_replication_role = replica; -- no look-ups for the foreign key
            INSERT INTO jobs SELECT gen_random_uuid(), 'Research', 'research', 'open', 0, 0, now(), now()
                FROM generate_series(1, 10000);
            INSERT INTO time_entries
                SELECT gen_random_uuid(), '{job}', 30, DATE '2026-01-01' + n % 365, 'read', 'ada', 0, now(), now()
                FROM generate_series(1, 10000) AS n;
            INSERT INTO idempotency_keys
                SELECT gen_random_uuid(), 'key', decode(repeat('00', 32), 'hex'), '', now()
                FROM generate_series(1, 10000)"
        ))
        .unwrap();
    for _ in 0..5 {
        one_of_each(&ledger, job).await;
    }
    drop(ledger);
    until_alone(&mut aside).await;
    let read = number(&mut aside, ROWS_READ);
    // Reading one of the tables once would be ten times as much.
    assert!(read < 1_000, "{read} rows were read");
}

/// Writes and reads by groups, each by all its statements.
async fn one_of_each(ledger: &Ledger, job: JobId) {
    let entries = &ledger.time_entries;
    entries.record(half_an_hour(job)).await.unwrap();
    let command = once(job);
    let entry = entries.record(command.clone()).await.unwrap().outcome;
    assert!(entries.record(command).await.unwrap().replayed);
    entries.update(set_minutes(entry.id, 40)).await.unwrap();
    assert_eq!(entries.find(entry.id).await.unwrap().unwrap().id, entry.id);
    let page = ListTimeEntries { related_job: Some(job), ..ListTimeEntries::default() };
    let next = entries.list(page.clone()).await.unwrap().next;
    entries.list(ListTimeEntries { after: next, ..page }).await.unwrap();
    entries.delete(delete(entry.id)).await.unwrap();
    assert!(ledger.jobs.find(job).await.unwrap().is_some());
}

fn once(job: JobId) -> RecordTime {
    let key = IdempotencyKey::new(&fresh().to_string()).unwrap();
    let idempotency = Idempotency { token: TokenId::new(fresh()), key, fingerprint: Fingerprint([7; 32]) };
    RecordTime { idempotency: Some(idempotency), ..half_an_hour(job) }
}
