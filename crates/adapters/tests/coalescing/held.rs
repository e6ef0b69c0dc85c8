//! Jobs that another session of Postgres holds for long.

use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use stint_adapters::coalescing::CoalescingSettings;
use stint_adapters::postgres::test_database::{PgConnection, TestDatabase};
use stint_conformance::Ledger;
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::time_entry::{RecordRefusal, RecordTime, RecordTimeError, TimeEntryChanges};
use stint_domain::values::{JobId, TimeEntryId};
use tokio::task::JoinHandle;

use super::callers::{archive, assert_totals_are_sums, change, delete, half_an_hour, open_job, set_minutes, total};
use super::postgres::{ONE_WRITER, instance};
use crate::given;
use crate::postgres::until;

/// A session that holds a job.
pub(super) struct Holder {
    session: PgConnection,
    observer: PgConnection,
}

impl Holder {
    pub(super) fn of(database: &TestDatabase, job: JobId) -> Self {
        let mut session = PgConnection::establish(&database.url()).unwrap();
        session.batch_execute(&format!("BEGIN; SELECT FROM jobs WHERE id = '{job}' FOR UPDATE")).unwrap();
        Self { session, observer: PgConnection::establish(&database.url()).unwrap() }
    }

    /// Waits until another session waits for it.
    pub(super) async fn until_awaited(&mut self) {
        let awaited = "SELECT (count(*) > 0)::int::bigint AS n FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until(&mut self.observer, awaited).await;
    }

    pub(super) fn let_go(&mut self) {
        self.session.batch_execute("ROLLBACK").unwrap();
    }
}

/// Callers that share groups, and wait for a held job as long as the test takes.
async fn patient(settings: CoalescingSettings) -> (Ledger, TestDatabase) {
    over(CoalescingSettings { patience: Duration::from_mins(1), ..settings }).await
}

async fn over(settings: CoalescingSettings) -> (Ledger, TestDatabase) {
    let database = TestDatabase::create();
    let (coalescing, postgres) = instance(&database, settings).await;
    (super::ledger(coalescing, postgres, ()), database)
}

type Recording = JoinHandle<Result<TimeEntryId, RecordTimeError>>;

/// 32 callers at once, every second of which writes to `held`: their outcomes come second.
fn half_and_half(ledger: &Ledger, free: JobId, held: JobId) -> (Vec<Recording>, Vec<Recording>) {
    let record = |job| {
        let (ledger, command) = (ledger.clone(), half_an_hour(job));
        tokio::spawn(async move { ledger.time_entries.record(command).await.map(|applied| applied.outcome.id) })
    };
    (0..16).map(|_| (record(free), record(held))).unzip()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_job_keeps_only_those_waiting_who_write_to_it() {
    let (ledger, database) = patient(given::COALESCING).await;
    let (free, held) = (open_job(&ledger).await, open_job(&ledger).await);
    let mut holder = Holder::of(&database, held);
    let mut waiting = Vec::new();
    for _ in 0..3 {
        let (others, late) = half_and_half(&ledger, free, held);
        for other in others {
            other.await.unwrap().unwrap();
        }
        waiting.extend(late);
    }
    assert!(!waiting.iter().any(JoinHandle::is_finished), "the job is still held");
    assert_eq!((total(&ledger, free).await, total(&ledger, held).await), (3 * 16 * 30, 0));
    holder.let_go();
    for late in waiting {
        late.await.unwrap().unwrap();
    }
    assert_eq!(total(&ledger, held).await, 3 * 16 * 30);
    assert_totals_are_sums(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_a_job_that_stays_held_fail_and_leave_nothing() {
    // One group of writes at a time: two would hold the free job against each other, longer than this patience on a busy
    // machine.
    let one_writer = given::COALESCING.with_one_writer();
    let settings = CoalescingSettings { patience: Duration::from_millis(1), ..one_writer };
    let (ledger, database) = over(settings).await;
    let (free, held) = (open_job(&ledger).await, open_job(&ledger).await);
    let mut holder = Holder::of(&database, held);
    let (others, late) = half_and_half(&ledger, free, held);
    for other in others {
        other.await.unwrap().unwrap();
    }
    for late in late {
        match late.await.unwrap() {
            Err(RecordTimeError::Backend(error)) => {
                assert_eq!(error.kind, BackendErrorKind::Timeout);
                assert_eq!(error.source.to_string(), format!("another transaction holds the job {held} for too long"));
            }
            other => panic!("{other:?}"),
        }
    }
    holder.let_go();
    assert_eq!((total(&ledger, free).await, total(&ledger, held).await), (16 * 30, 0));
    assert_totals_are_sums(&ledger).await;
    ledger.time_entries.record(half_an_hour(held)).await.unwrap();
    assert_eq!(total(&ledger, held).await, 30);
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_of_a_held_archived_job_get_their_own_answer_when_it_is_let_go() {
    let (ledger, database) = patient(given::COALESCING).await;
    let (free, held) = (open_job(&ledger).await, open_job(&ledger).await);
    archive(&ledger, held).await;
    let mut holder = Holder::of(&database, held);
    let (others, late) = half_and_half(&ledger, free, held);
    for other in others {
        other.await.unwrap().unwrap();
    }
    assert!(!late.iter().any(JoinHandle::is_finished), "the job is still held");
    holder.let_go();
    for late in late {
        let refused = late.await.unwrap();
        let archived = RecordRefusal::JobArchived(held);
        assert!(matches!(refused, Err(RecordTimeError::Refused(why)) if why == archived), "{refused:?}");
    }
    assert_eq!((total(&ledger, free).await, total(&ledger, held).await), (16 * 30, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_moves_and_deletions_that_need_a_held_job_wait_for_it_and_no_others() {
    let (ledger, database) = patient(given::COALESCING).await;
    let (free, held) = (open_job(&ledger).await, open_job(&ledger).await);
    let mut ids = Vec::new();
    for job in [held, held, free, free, free] {
        ids.push(ledger.time_entries.record(half_an_hour(job)).await.unwrap().outcome.id);
    }
    let mut holder = Holder::of(&database, held);
    let to_held = TimeEntryChanges { related_job: Some(held), ..TimeEntryChanges::default() };
    let mut waiting = Box::pin(futures::future::join3(
        ledger.time_entries.update(set_minutes(ids[0], 45)),
        ledger.time_entries.delete(delete(ids[1])),
        ledger.time_entries.update(change(ids[2], to_held)),
    ));
    assert!(futures::poll!(&mut waiting).is_pending());
    ledger.time_entries.update(set_minutes(ids[3], 50)).await.unwrap();
    ledger.time_entries.delete(delete(ids[4])).await.unwrap();
    assert!(futures::poll!(&mut waiting).is_pending(), "the job is still held");
    holder.let_go();
    let (edited, deleted, moved) = waiting.await;
    deleted.unwrap();
    assert_eq!((edited.unwrap().minutes_worked.get(), moved.unwrap().related_job), (45, held));
    assert_eq!((total(&ledger, free).await, total(&ledger, held).await), (50, 45 + 30));
    assert_totals_are_sums(&ledger).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_of_one_entry_keep_their_order_when_the_first_has_to_wait() {
    let (ledger, database) = patient(ONE_WRITER).await;
    let (free, held) = (open_job(&ledger).await, open_job(&ledger).await);
    let RecordTime { entry, at, .. } = half_an_hour(free);
    let id = entry.id;
    ledger.time_entries.record(RecordTime { entry, at, idempotency: None }).await.unwrap();
    let mut holder = Holder::of(&database, held);
    let first = tokio::spawn({
        let ledger = ledger.clone();
        async move { ledger.time_entries.record(half_an_hour(held)).await }
    });
    holder.until_awaited().await;
    let to_held = TimeEntryChanges { related_job: Some(held), ..TimeEntryChanges::default() };
    let mut both = Box::pin(futures::future::join(
        ledger.time_entries.update(change(id, to_held)),
        ledger.time_entries.delete(delete(id)),
    ));
    // Polled once, both are in the queue, behind the first one.
    assert!(futures::poll!(&mut both).is_pending());
    ledger.time_entries.record(half_an_hour(free)).await.unwrap();
    holder.let_go();
    first.await.unwrap().unwrap();
    let (moved, deleted) = both.await;
    assert_eq!(moved.unwrap().related_job, held);
    deleted.unwrap();
    assert_eq!((total(&ledger, free).await, total(&ledger, held).await), (30, 30));
}
