//! The duties of a [`TotalsAudit`](stint_domain::ledger::ports::TotalsAudit).
//!
//! No port can make a drift, so the clauses that an audit finds one are in [`drift`], for adapters that offer a way
//! to make one.

pub mod drift;

use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::time_entry::{BatchMode, RecordTime};
use stint_domain::ledger::ports::totals::{ChangedAfter, TotalsReport};

use crate::Ledger;
use crate::given::{at, batch, create_job, delete_entry, entry, move_to, record};

/// Makes one test of each duty of a totals audit. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! totals_audit {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::totals) {
                an_audit_of_an_empty_ledger_finds_nothing,
                an_audit_counts_every_job_and_every_entry,
                an_audit_sees_one_moment_of_a_busy_ledger,
                jobs_that_were_changed_after_a_moment_are_counted,
            }
        }
    };
}

/// There is nothing to compare, and nothing is wrong.
pub async fn an_audit_of_an_empty_ledger_finds_nothing(ledger: Ledger) {
    let expected = TotalsReport { jobs: 0, time_entries: 0, drifts: vec![] };
    assert_eq!(ledger.totals.audit().await.unwrap(), expected);
}

/// Also jobs without entries, and archived ones.
pub async fn an_audit_counts_every_job_and_every_entry(ledger: Ledger) {
    let (used, archived) = (ledger.open_job().await.id, ledger.open_job().await.id);
    ledger.open_job().await;
    for job in [used, used, archived] {
        ledger.record(entry(job)).await;
    }
    ledger.archive(archived).await;
    let expected = TotalsReport { jobs: 3, time_entries: 3, drifts: vec![] };
    assert_eq!(ledger.totals.audit().await.unwrap(), expected);
}

/// Every change of an entry also changes its job. A change at the moment itself is not after it.
pub async fn jobs_that_were_changed_after_a_moment_are_counted(ledger: Ledger) {
    assert_eq!(ledger.totals.changed_after(at(0)).await.unwrap(), ChangedAfter::default());
    let early = ledger.create(CreateJob { at: at(10), ..create_job() }).await;
    ledger.create(CreateJob { at: at(20), ..create_job() }).await;
    ledger.time_entries.record(RecordTime { at: at(30), ..record(entry(early.id)) }).await.unwrap();
    for (seconds, jobs, latest) in [(9, 2, Some(30)), (20, 1, Some(30)), (29, 1, Some(30)), (30, 0, None)] {
        let expected = ChangedAfter { jobs, latest: latest.map(at) };
        assert_eq!(ledger.totals.changed_after(at(seconds)).await.unwrap(), expected, "after {seconds} s");
    }
}

/// While entries are created, moved and deleted, an audit never sees a total without its entries or the reverse.
pub async fn an_audit_sees_one_moment_of_a_busy_ledger(ledger: Ledger) {
    let (from, to) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let writer = tokio::spawn({
        let ledger = ledger.clone();
        async move {
            for _ in 0..15 {
                let entries = (0..5).map(|_| entry(from)).collect();
                let outcome =
                    ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap().outcome;
                let [Ok(first), Ok(second), ..] = &outcome[..] else { panic!("{outcome:?}") };
                ledger.time_entries.update(move_to(first.id, to)).await.unwrap();
                ledger.time_entries.delete(delete_entry(second.id)).await.unwrap();
            }
        }
    });
    while !writer.is_finished() {
        assert_eq!(ledger.totals.audit().await.unwrap().drifts, []);
        tokio::task::yield_now().await;
    }
    writer.await.unwrap();
    ledger.assert_totals_are_sums().await;
}
