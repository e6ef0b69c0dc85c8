//! Situations that no port can bring about: a total that is not the sum, which an audit finds, and a total at its
//! limits.

use std::sync::Arc;

use futures::future::BoxFuture;
use stint_domain::BackendErrorKind;
use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, ListTimeEntries, NewTimeEntry, RecordBatchError, RecordTime, RecordTimeError,
};
use stint_domain::ledger::ports::totals::{Drift, TotalsReport};
use stint_domain::ledger::{JobStatus, TimeEntry, TotalMinutes};
use stint_domain::values::JobId;

use crate::Ledger;
use crate::given::{
    batch, create_job, delete_entry, entry, idempotency, job_id, minutes, move_to, put_entry, record, set_minutes,
};
use crate::ledger::concurrency::together;

/// Sets the stored total of a job, and changes nothing else.
pub type Plant = Arc<dyn Fn(JobId, TotalMinutes) -> BoxFuture<'static, ()> + Send + Sync>;

/// A ledger, and a way to set a job's total around the adapter, for example by an `UPDATE` of one column.
#[derive(Clone)]
pub struct Drifting {
    /// A fresh, empty ledger.
    pub ledger: Ledger,
    /// Sets a total around the adapter.
    pub plant: Plant,
}

/// Makes one test of each duty of an audit and of writes towards totals that are not the sums. The argument is an
/// `async fn() -> Drifting`.
#[macro_export]
macro_rules! totals_audit_finds {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::totals::drift) {
                a_planted_drift_is_found_until_it_is_mended,
                a_report_names_the_first_hundred_drifts_by_id_and_counts_every_job,
                a_write_that_would_take_a_total_past_its_most_fails_without_a_trace,
                a_write_that_would_take_a_total_below_zero_fails_without_a_trace,
                of_writes_at_once_only_those_that_a_total_has_no_room_for_fail,
            }
        }
    };
}

impl Drifting {
    async fn plant(&self, job: JobId, minutes: u64) {
        (self.plant)(job, total(minutes)).await;
        assert_eq!(self.ledger.total(job).await, minutes, "the total was planted");
    }
}

/// Totals that are too great and too small, of archived jobs and of jobs without entries, sorted by id.
pub async fn a_planted_drift_is_found_until_it_is_mended(drifting: Drifting) {
    let ledger = &drifting.ledger;
    let archived = CreateJob { status: JobStatus::Archived, ..create_job() };
    let (right, empty) = (ledger.open_job().await.id, ledger.create(archived).await.id);
    let (more, less) = (ledger.open_job().await.id, ledger.open_job().await.id);
    for job in [right, more, less, less] {
        ledger.record(entry(job)).await;
    }
    ledger.archive(more).await;
    let mut expected = Vec::new();
    for (job, recorded, summed) in [(empty, 1, 0), (more, 31, 30), (less, 0, 60)] {
        drifting.plant(job, recorded).await;
        expected.push(Drift { job, recorded: total(recorded), summed: total(summed) });
    }
    expected.sort_by_key(|drift| drift.job);
    let report = ledger.totals.audit().await.unwrap();
    assert_eq!(report, TotalsReport { jobs: 4, time_entries: 4, drifts: expected.clone() });
    for drift in expected {
        drifting.plant(drift.job, drift.summed.get()).await;
    }
    ledger.assert_totals_are_sums().await;
}

/// [`TotalsReport::MOST_DRIFTS`], in the order of the ids' bytes.
pub async fn a_report_names_the_first_hundred_drifts_by_id_and_counts_every_job(drifting: Drifting) {
    let mut jobs = Vec::new();
    for _ in 0..TotalsReport::MOST_DRIFTS + 3 {
        let job = drifting.ledger.open_job().await.id;
        drifting.plant(job, 7).await;
        jobs.push(job);
    }
    jobs.sort_unstable();
    let report = drifting.ledger.totals.audit().await.unwrap();
    assert_eq!((report.jobs, report.time_entries), (jobs.len() as u64, 0));
    assert_eq!(report.drifts.iter().map(|drift| drift.job).collect::<Vec<_>>(), jobs[..TotalsReport::MOST_DRIFTS]);
}

/// An entry, a batch, an edit and a move fail with `Internal`, and leave no row, total, version or key behind.
pub async fn a_write_that_would_take_a_total_past_its_most_fails_without_a_trace(drifting: Drifting) {
    let ledger = &drifting.ledger;
    let (other, full) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let (stored, elsewhere) = (ledger.record(entry(full)).await, ledger.record(entry(other)).await);
    drifting.plant(full, TotalMinutes::MAX - 29).await;
    let before = State::of(ledger, [full, other]).await;
    let entries = &ledger.time_entries;

    let key = idempotency();
    let keyed = RecordTime { idempotency: Some(key.clone()), ..record(entry(full)) };
    let failed = entries.record(keyed.clone()).await;
    assert!(matches!(&failed, Err(RecordTimeError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    for mode in [BatchMode::Atomic, BatchMode::PerItem] {
        let failed = entries.record_batch(batch(mode, vec![entry(other), entry(full)])).await;
        assert!(matches!(&failed, Err(RecordBatchError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    }
    let longer = NewTimeEntry { id: stored.id, minutes_worked: minutes(60), ..entry(full) };
    for wanted in [longer, entry(full)] {
        let failed = entries.put(put_entry(wanted)).await;
        assert!(matches!(&failed, Err(ChangeTimeEntryError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    }
    for command in [set_minutes(stored.id, 60), move_to(elsewhere.id, full)] {
        let failed = entries.update(command).await;
        assert!(matches!(&failed, Err(ChangeTimeEntryError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    }
    assert_eq!(State::of(ledger, [full, other]).await, before);

    // With one minute less it succeeds, and the key was not used up.
    let least = NewTimeEntry { minutes_worked: minutes(29), ..keyed.entry };
    let stored = entries.record(RecordTime { entry: least, ..keyed }).await.unwrap();
    assert!(!stored.replayed);
    assert_eq!(ledger.total(full).await, TotalMinutes::MAX);
}

/// A deletion, an edit and a move of an entry that its job's total does not include.
pub async fn a_write_that_would_take_a_total_below_zero_fails_without_a_trace(drifting: Drifting) {
    let ledger = &drifting.ledger;
    let (short, other) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let stored = ledger.record(entry(short)).await;
    drifting.plant(short, 28).await;
    let before = State::of(ledger, [short, other]).await;
    let entries = &ledger.time_entries;

    let failed = entries.delete(delete_entry(stored.id)).await;
    assert!(matches!(&failed, Err(ChangeTimeEntryError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    for command in [set_minutes(stored.id, 1), move_to(stored.id, other)] {
        let failed = entries.update(command).await;
        assert!(matches!(&failed, Err(ChangeTimeEntryError::Backend(why)) if why.kind == INTERNAL), "{failed:?}");
    }
    assert_eq!(State::of(ledger, [short, other]).await, before);
    let refused = entries.update(move_to(stored.id, job_id())).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::JobNotFound(_))), "a refusal comes first: {refused:?}");
}

/// Writes at the same time, to another job or to this one while it has room, do not notice.
pub async fn of_writes_at_once_only_those_that_a_total_has_no_room_for_fail(drifting: Drifting) {
    const WRITERS: usize = 20;
    let ledger = &drifting.ledger;
    let (other, full) = (ledger.open_job().await.id, ledger.open_job().await.id);
    // Room for three entries, and a rest.
    drifting.plant(full, TotalMinutes::MAX - 95).await;
    let outcomes = together(WRITERS, |writer| {
        let (entries, job) = (ledger.time_entries.clone(), if writer % 2 == 0 { full } else { other });
        async move { (job, entries.record(record(entry(job))).await) }
    })
    .await;
    let stored = |of| outcomes.iter().filter(|(job, outcome)| *job == of && outcome.is_ok()).count();
    assert_eq!((stored(other), stored(full)), (WRITERS / 2, 3), "{outcomes:?}");
    for (_, outcome) in &outcomes {
        let is_internal = |why: &RecordTimeError| matches!(why, RecordTimeError::Backend(why) if why.kind == INTERNAL);
        assert!(outcome.as_ref().err().is_none_or(is_internal), "{outcome:?}");
    }
    assert_eq!((ledger.total(other).await, ledger.total(full).await), (300, TotalMinutes::MAX - 5));
}

const INTERNAL: BackendErrorKind = BackendErrorKind::Internal;

/// Two jobs and all entries.
#[derive(Debug, PartialEq)]
struct State([stint_domain::ledger::Job; 2], Vec<TimeEntry>);

impl State {
    async fn of(ledger: &Ledger, [one, two]: [JobId; 2]) -> Self {
        Self([ledger.job(one).await, ledger.job(two).await], ledger.all_entries(ListTimeEntries::default()).await)
    }
}

pub(crate) fn total(minutes: u64) -> TotalMinutes {
    TotalMinutes::new(minutes.try_into().unwrap()).unwrap()
}
