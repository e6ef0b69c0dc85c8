//! Every write changes totals and entries in one transaction: a concurrent audit never sees half of a write.

use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::Arc;

use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::time_entry::{BatchMode, NewTimeEntry};
use stint_domain::ledger::ports::totals::TotalsReport;
use stint_domain::values::JobId;

use super::race;
use crate::Ledger;
use crate::given::{
    batch, delete_entry, delete_job_with_entries, entries_of, entry, job_id, minutes, move_to, put_entry, set_minutes,
};

/// How many writes of one kind an audit runs beside.
const WRITES: usize = 60;

/// One entry after the other.
pub async fn an_audit_beside_records_sees_no_entry_without_its_minutes(ledger: Ledger) {
    beside_audits(ledger, async |ledger, jobs, _| {
        ledger.record(entry(jobs[0])).await;
    })
    .await;
}

/// Batches for two jobs, in both modes; in one of them an entry is refused.
pub async fn an_audit_beside_batches_sees_all_of_each_or_nothing(ledger: Ledger) {
    beside_audits(ledger, async |ledger, jobs, step| {
        let mut entries: Vec<_> = (0..6).map(|place| entry(jobs[place % 2])).collect();
        let mode = if step % 2 == 0 { BatchMode::Atomic } else { BatchMode::PerItem };
        if mode == BatchMode::PerItem {
            entries.insert(3, entry(job_id()));
        }
        ledger.time_entries.record_batch(batch(mode, entries)).await.unwrap();
    })
    .await;
}

/// New entries, other minutes, and another job.
pub async fn an_audit_beside_puts_sees_all_of_each_or_nothing(ledger: Ledger) {
    beside_audits(ledger, async |ledger, jobs, _| {
        let new = entry(jobs[0]);
        let longer = NewTimeEntry { minutes_worked: minutes(500), ..new.clone() };
        let moved = NewTimeEntry { related_job: jobs[1], ..longer.clone() };
        for wanted in [new, longer, moved] {
            ledger.time_entries.put(put_entry(wanted)).await.unwrap();
        }
    })
    .await;
}

/// More minutes and fewer.
pub async fn an_audit_beside_edits_of_minutes_sees_all_of_each_or_nothing(ledger: Ledger) {
    let edited = given_entry(&ledger).await;
    beside_audits(ledger, async move |ledger, _, step| {
        let to = if step % 2 == 0 { 1440 } else { 1 };
        ledger.time_entries.update(set_minutes(edited.id, to)).await.unwrap();
    })
    .await;
}

/// There and back: the entry is never in both totals, and never in none.
pub async fn an_audit_beside_moves_sees_each_entry_in_one_total(ledger: Ledger) {
    let moved = given_entry(&ledger).await;
    beside_audits(ledger, async move |ledger, jobs, step| {
        ledger.time_entries.update(move_to(moved.id, jobs[step % 2])).await.unwrap();
    })
    .await;
}

/// One entry after the other.
pub async fn an_audit_beside_deletions_sees_no_minutes_without_their_entry(ledger: Ledger) {
    beside_audits(ledger, async |ledger, jobs, _| {
        let doomed = ledger.record(entry(jobs[0])).await.id;
        ledger.time_entries.delete(delete_entry(doomed)).await.unwrap();
    })
    .await;
}

/// Of each job that an audit reads, it sees the total and all entries, or neither. It reads different jobs at
/// different moments, so it may see one job and then the next.
pub async fn an_audit_beside_deletions_of_jobs_sees_all_of_each_or_nothing(ledger: Ledger) {
    let check = |report: TotalsReport| {
        let (jobs, entries) = (report.jobs, report.time_entries);
        assert!(entries % 5 == 0 && entries <= 5 * jobs, "{entries} entries of {jobs} jobs");
        assert_eq!(report.drifts, []);
    };
    beside(&ledger, check, async {
        for _ in 0..WRITES {
            let doomed = filled_job(&ledger).await;
            ledger.jobs.delete(delete_job_with_entries(doomed)).await.unwrap();
        }
    })
    .await;
}

/// The same with the two ports' reads: a reader that no longer finds the entries finds no job, and the reverse.
pub async fn a_job_and_its_entries_are_gone_at_one_moment(ledger: Ledger) {
    for round in 0..WRITES / 2 {
        let doomed = filled_job(&ledger).await;
        let deleted_or_seen = race(round, 2, |place| {
            let ledger = ledger.clone();
            async move {
                match place {
                    0 => ledger.jobs.delete(delete_job_with_entries(doomed)).await.unwrap(),
                    _ => until_gone(&ledger, doomed).await,
                }
            }
        });
        deleted_or_seen.await;
    }
}

async fn until_gone(ledger: &Ledger, doomed: JobId) {
    let left = async || ledger.time_entries.list(entries_of(doomed)).await.unwrap().items.len();
    loop {
        let (entries, job) = (left().await, ledger.jobs.find(doomed).await.unwrap());
        assert!(entries == 5 || entries == 0, "{entries} of 5 entries are left");
        assert!(entries == 5 || job.is_none(), "the entries were gone before their job");
        if job.is_none() {
            assert_eq!(left().await, 0, "the job was gone before its entries");
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// Repeats `write` on two jobs, with the number of the turn, while audits run.
async fn beside_audits(ledger: Ledger, write: impl AsyncFn(&Ledger, [JobId; 2], usize)) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
    let check = |report: TotalsReport| assert_eq!(report.drifts, []);
    beside(&ledger, check, async {
        for step in 0..WRITES {
            write(&ledger, jobs, step).await;
        }
    })
    .await;
    ledger.assert_totals_are_sums().await;
}

/// Carries out the writes while two audits run: one on another thread, and one that has its turn whenever a write
/// waits.
pub(crate) async fn beside(ledger: &Ledger, check: fn(TotalsReport), writes: impl Future<Output = ()>) {
    let audits = |totals: Arc<dyn TotalsAudit>| async move {
        loop {
            check(totals.audit().await.unwrap());
            tokio::task::yield_now().await;
        }
    };
    let (writes, in_turn) = (pin!(writes), pin!(audits(ledger.totals.clone())));
    let elsewhere = tokio::spawn(audits(ledger.totals.clone()));
    tokio::select! {
        biased;
        () = writes => {}
        never = in_turn => never,
    }
    elsewhere.abort();
    if let Err(failed) = elsewhere.await
        && failed.is_panic()
    {
        resume_unwind(failed.into_panic());
    }
}

async fn given_entry(ledger: &Ledger) -> TimeEntry {
    let job = ledger.open_job().await.id;
    ledger.record(entry(job)).await
}

/// A job with five entries.
async fn filled_job(ledger: &Ledger) -> JobId {
    let job = ledger.open_job().await.id;
    let entries = (0..5).map(|_| entry(job)).collect();
    ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap();
    job
}
