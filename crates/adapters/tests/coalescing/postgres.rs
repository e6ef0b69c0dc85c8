//! On Postgres.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use prometheus_client::registry::Registry;
use stint_adapters::coalescing::{Coalescing, CoalescingSettings};
use stint_adapters::grouping::GroupLimits;
use stint_adapters::postgres::test_database::{PgConnection, TestDatabase};
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::Ledger;
use stint_conformance::ledger::totals::drift::Drifting;
use stint_domain::BackendErrorKind;
use stint_domain::ledger::WorkSummary;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::time_entry::{BatchMode, ChangeTimeEntryError, RecordBatch};
use stint_domain::values::{JobId, TimeEntryId};
use uuid::Uuid;

use crate::given;
use crate::postgres::proxy::Proxy;
use crate::postgres::{connection, number, until, until_alone};

use super::callers::{self, assert_totals_are_sums, delete, fresh, half_an_hour, open_job, set_minutes, together};
use super::held::Holder;

/// Groups so small that even a clause with a few tasks makes several that run at the same time.
const SMALL: CoalescingSettings = CoalescingSettings {
    writes: GroupLimits { workers: 2, group_weight: 5, ..given::COALESCING.writes },
    reads: GroupLimits { workers: 2, group_weight: 3, ..given::COALESCING.reads },
    pages: GroupLimits { workers: 2, group_weight: 8, ..given::COALESCING.pages },
    ..given::COALESCING
};

const TWO_WRITERS: CoalescingSettings =
    CoalescingSettings { writes: GroupLimits { workers: 2, ..given::COALESCING.writes }, ..given::COALESCING };

pub(super) const ONE_WRITER: CoalescingSettings = given::COALESCING.with_one_writer();

/// One instance of the service, as its database sees it.
pub(super) async fn instance(
    database: &TestDatabase,
    settings: CoalescingSettings,
) -> (Coalescing<Postgres>, Postgres) {
    instance_with(given::postgres(database.url()), settings).await
}

async fn instance_with(postgres: PostgresSettings, settings: CoalescingSettings) -> (Coalescing<Postgres>, Postgres) {
    let group_pool_size = settings.groups_of_writes().try_into().unwrap();
    let postgres = PostgresSettings { group_pool_size, ..postgres };
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

async fn drifting() -> Drifting {
    let database = Arc::new(TestDatabase::create());
    let (coalescing, postgres) = instance(&database, given::COALESCING).await;
    Drifting {
        ledger: super::ledger(coalescing, postgres, database.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = '{job}'");
            connection(&database).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

stint_conformance::ledger!(ledger);
stint_conformance::totals_audit_finds!(drifting);

mod behind_a_transaction_pooler {
    use super::*;
    use crate::postgres::pooler::Pooler;

    async fn ledger() -> Ledger {
        let database = TestDatabase::create();
        let pooler = Pooler::up(&database);
        let settings = PostgresSettings { transaction_pooling: true, ..given::postgres(pooler.url()) };
        let (coalescing, postgres) = instance_with(settings, SMALL).await;
        super::super::ledger(coalescing, postgres, (pooler, database))
    }

    stint_conformance::ledger!(ledger);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_in_a_group_gets_its_own_answer() {
    callers::each_caller_in_a_group_gets_its_own_answer(over(given::COALESCING).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_in_a_group_gets_its_own_page() {
    callers::each_reader_in_a_group_gets_its_own_page(over(SMALL).await).await;
    callers::each_reader_in_a_group_gets_its_own_page(over(given::COALESCING).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_large_pages_are_not_refused() {
    callers::readers_of_large_pages_are_not_refused(over(given::COALESCING).await).await;
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
async fn a_commit_without_an_answer_leaves_each_caller_in_doubt_and_is_not_repeated() {
    let database = TestDatabase::create();
    let wire = Proxy::up(&database);
    let group_lock_timeout = Duration::from_mins(1);
    let settings = PostgresSettings { group_lock_timeout, ..given::postgres(wire.url()) };
    let (coalescing, postgres) = instance_with(settings, ONE_WRITER).await;
    let ledger = super::ledger(coalescing, postgres, ());
    let (job, held) = (open_job(&ledger).await, open_job(&ledger).await);
    let mut entries = Vec::new();
    for _ in 0..3 {
        entries.push(ledger.time_entries.record(half_an_hour(job)).await.unwrap().outcome);
    }
    let mut holder = Holder::of(&database, held);
    let first = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.time_entries.record(half_an_hour(held)).await }
    });
    holder.until_awaited().await;
    let mut group = Box::pin(futures::future::join3(
        ledger.time_entries.update(set_minutes(entries[0].id, 45)),
        ledger.time_entries.update(set_minutes(entries[1].id, 50)),
        ledger.time_entries.delete(delete(entries[2].id)),
    ));
    // Polled once, all three are in the queue, behind the first one.
    assert!(futures::poll!(&mut group).is_pending());
    wire.cut_at("COMMIT", true);
    holder.let_go();
    first.await.unwrap().unwrap();

    let (edited, other, deleted) = group.await;
    assert!(wire.was_cut());
    let (
        Err(ChangeTimeEntryError::Backend(edited)),
        Err(ChangeTimeEntryError::Backend(other)),
        Err(ChangeTimeEntryError::Backend(deleted)),
    ) = (&edited, &other, &deleted)
    else {
        panic!("{edited:?}, {other:?}, {deleted:?}")
    };
    for error in [edited, other, deleted] {
        assert_eq!(error.kind, BackendErrorKind::Timeout);
        assert_eq!(error.source.to_string(), "the answer to a write was lost");
    }
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    let committed = format!("SELECT (total_minutes = 95)::int::bigint AS n FROM jobs WHERE id = '{job}'");
    until(&mut connection, &committed).await;
    for (entry, minutes) in entries.iter().zip([45, 50]) {
        let stored = ledger.time_entries.find(entry.id).await.unwrap().unwrap();
        assert_eq!((stored.minutes_worked.get(), stored.version), (minutes, entry.version.next()));
    }
    assert_eq!(ledger.time_entries.find(entries[2].id).await.unwrap(), None);
    assert_totals_are_sums(&ledger).await;
}

/// 10,000 callers go away at different moments. What they began is done or not done, and nothing is left of it.
#[tokio::test(flavor = "multi_thread")]
async fn callers_that_vanish_leave_no_transaction_no_lock_and_no_half_group() {
    let database = TestDatabase::create();
    let (coalescing, postgres) = instance(&database, given::COALESCING).await;
    let ledger = super::ledger(coalescing, postgres, ());
    let mut jobs = Vec::new();
    for _ in 0..20 {
        jobs.push(open_job(&ledger).await);
    }
    let entries = jobs.iter().map(|job| half_an_hour(*job).entry).collect();
    let batch = RecordBatch { entries, mode: BatchMode::Atomic, at: half_an_hour(jobs[0]).at, idempotency: None };
    for round in 0..20 {
        let callers = (0..500).map(|place| {
            let (ledger, job, mut batch) = (ledger.clone(), jobs[place % 20], batch.clone());
            let name = WorkSummary::new(&format!("batch {}", fresh())).unwrap();
            for entry in &mut batch.entries {
                (entry.id, entry.work_summary) = (TimeEntryId::new(fresh()), name.clone());
            }
            tokio::spawn(async move {
                match place % 5 {
                    0 => drop(ledger.time_entries.record_batch(batch).await),
                    _ => drop(ledger.time_entries.record(half_an_hour(job)).await),
                }
            })
        });
        let callers: Vec<_> = callers.collect();
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        callers.iter().for_each(tokio::task::JoinHandle::abort);
        for caller in callers {
            let _gone_or_done = caller.await;
        }
    }
    // Its group is the last.
    ledger.time_entries.record(half_an_hour(jobs[0])).await.unwrap();
    let mut aside = connection(&database);
    let left = "SELECT (count(*) = 0)::int::int8 AS n FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
            AND (state <> 'idle' OR EXISTS (SELECT FROM pg_locks WHERE pg_locks.pid = pg_stat_activity.pid))";
    until(&mut aside, left).await;
    let batches = "SELECT count(*) AS n FROM (
            SELECT FROM time_entries WHERE work_summary LIKE 'batch %' GROUP BY work_summary";
    let (whole, half) = (format!("{batches}) AS whole"), format!("{batches} HAVING count(*) <> 20) AS half"));
    assert!(number(&mut aside, &whole) > 0);
    assert_eq!(number(&mut aside, &half), 0);
    assert_totals_are_sums(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_at_the_same_time_share_groups_and_updates_of_jobs_touch_no_index() {
    let database = TestDatabase::create();
    let (coalescing, _) = instance(&database, ONE_WRITER).await;
    let mut registry = Registry::default();
    coalescing.register(&mut registry);
    let mut connection = PgConnection::establish(&database.url()).unwrap();
    // So many rows that no page gets more new versions of its rows than it has room for: versions that transactions
    // of other tests may still see are not cleared away.
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

    drop(coalescing);
    until_alone(&mut connection).await;
    let [updated, hot] = ["n_tup_upd", "n_tup_hot_upd"].map(|column| {
        number(&mut connection, &format!("SELECT {column} AS n FROM pg_stat_user_tables WHERE relname = 'jobs'"))
    });
    assert!(updated > 0);
    assert!(hot * 100 >= updated * 95, "{hot} of {updated} updates");
}
