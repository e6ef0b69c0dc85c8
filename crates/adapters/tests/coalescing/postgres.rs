//! On Postgres.

use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use prometheus_client::registry::Registry;
use stint_adapters::coalescing::{Coalescing, CoalescingSettings, GroupLimits};
use stint_adapters::postgres::test_database::TestDatabase;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::Ledger;
use stint_domain::ports::time_entry::RecordTimeError;
use stint_domain::ports::{BackendErrorKind, TimeEntryRepository};
use stint_domain::values::JobId;
use uuid::Uuid;

use crate::postgres::number;

use super::callers::{self, half_an_hour, open_job, together, total};

/// Groups so small that even a clause with a few tasks makes several that run at the same time.
const SMALL: CoalescingSettings = CoalescingSettings {
    writes: GroupLimits { workers: 2, group_weight: 5, ..CoalescingSettings::POSTGRES.writes },
    reads: GroupLimits { workers: 2, group_weight: 3, ..CoalescingSettings::POSTGRES.reads },
    pages: GroupLimits { workers: 2, group_weight: 8, ..CoalescingSettings::POSTGRES.pages },
};

const TWO_WRITERS: CoalescingSettings = CoalescingSettings {
    writes: GroupLimits { workers: 2, ..CoalescingSettings::POSTGRES.writes },
    ..CoalescingSettings::POSTGRES
};

const ONE_WRITER: CoalescingSettings = CoalescingSettings::POSTGRES.with_one_writer();

/// An instance of the service, as far as its database sees it.
async fn instance(database: &TestDatabase, settings: CoalescingSettings) -> (Coalescing<Postgres>, Postgres) {
    let group_pool_size = settings.groups().try_into().unwrap();
    let postgres = PostgresSettings { group_pool_size, ..PostgresSettings::new(database.url()) };
    let postgres = Postgres::connect(&postgres).await.unwrap();
    (Coalescing::new(postgres.clone(), settings), postgres)
}

async fn over(settings: CoalescingSettings) -> Ledger {
    let database = TestDatabase::create();
    let (coalescing, postgres) = instance(&database, settings).await;
    super::ledger(coalescing, postgres, database)
}

async fn ledger() -> Ledger {
    over(SMALL).await
}

stint_conformance::ledger!(ledger);

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_in_a_group_gets_its_own_answer() {
    callers::each_caller_in_a_group_gets_its_own_answer(over(CoalescingSettings::POSTGRES).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_in_a_group_gets_its_own_page() {
    callers::each_reader_in_a_group_gets_its_own_page(over(SMALL).await).await;
    callers::each_reader_in_a_group_gets_its_own_page(over(CoalescingSettings::POSTGRES).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_two_callers_choose_is_stored_for_one() {
    callers::an_id_that_two_callers_choose_is_stored_for_one(over(ONE_WRITER).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_one_entry_keep_their_order() {
    callers::commands_on_one_entry_keep_their_order(over(ONE_WRITER).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn four_writers_on_two_instances_keep_every_total() {
    let database = TestDatabase::create();
    let mut instances = Vec::new();
    for _ in 0..2 {
        let (coalescing, postgres) = instance(&database, TWO_WRITERS).await;
        instances.push(super::ledger(coalescing, postgres, ()));
    }
    callers::mixed_writers_on_several_instances_keep_every_total(instances).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_somebody_else_locks_keeps_none_of_the_others_waiting_for_long() {
    let database = TestDatabase::create();
    let (coalescing, postgres) = instance(&database, CoalescingSettings::POSTGRES).await;
    let ledger = super::ledger(coalescing, postgres, ());
    let (free, locked) = (open_job(&ledger).await, open_job(&ledger).await);
    let mut other = PgConnection::establish(&database.url()).unwrap();
    other.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{locked}' FOR UPDATE")).unwrap();
    let start = Instant::now();
    together(32, |place| {
        let ledger = ledger.clone();
        async move {
            let job = if place == 7 { locked } else { free };
            match ledger.time_entries.record(half_an_hour(job)).await {
                Ok(_) => assert_eq!(job, free),
                Err(RecordTimeError::Backend(error)) => {
                    assert_eq!((job, error.kind), (locked, BackendErrorKind::Timeout));
                }
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
    // A quarter of a second for each group that it is in (32, 16, 8, 4, 2), four alone, and one for a slow machine.
    assert!(start.elapsed() < Duration::from_millis((5 + 4 + 4) * 250), "{:?}", start.elapsed());
    assert_eq!(total(&ledger, free).await, 31 * 30);
    other.batch_execute("ROLLBACK").unwrap();
    ledger.time_entries.record(half_an_hour(locked)).await.unwrap();
    assert_eq!(total(&ledger, locked).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_share_groups_and_updates_of_jobs_touch_no_index() {
    let database = TestDatabase::create();
    let (coalescing, _) = instance(&database, ONE_WRITER).await;
    let mut registry = Registry::default();
    coalescing.register(&mut registry);
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    // So many that no page gets more new versions of its rows than it keeps room for: what transactions of other tests
    // may still see is not cleared away.
    connection
        .batch_execute(
            "INSERT INTO jobs SELECT lpad(to_hex(n), 32, '0')::uuid, 'Research', 'research', 'open', 0, 0, now(), now()
            FROM generate_series(0, 3999) AS n",
        )
        .unwrap();
    for round in 0..20 {
        together(64, |place| {
            let job = JobId::new(Uuid::from_u128((round * 64 + place as u128) * 37 % 4_000));
            let command = half_an_hour(job);
            let coalescing = coalescing.clone();
            async move { coalescing.record(command).await.unwrap() }
        })
        .await;
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    let groups = text.lines().find_map(|line| line.strip_prefix("coalescing_writes_group_size_count ")).unwrap();
    assert!(groups.parse::<u32>().unwrap() < 20 * 64 / 2, "{groups} groups of 1,280 writes");

    // A server counts what a connection did when that ends, at the latest.
    drop(coalescing);
    let [updated, hot] = loop {
        let counts = ["n_tup_upd", "n_tup_hot_upd"].map(|column| {
            let sql = format!("SELECT {column} AS n FROM pg_stat_user_tables WHERE relname = 'jobs'");
            number(&mut connection, &sql)
        });
        let others = "SELECT count(*) AS n FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
        if counts[0] > 0 && number(&mut connection, others) == 0 {
            break counts;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(hot * 100 >= updated * 95, "{hot} of {updated} updates");
}
