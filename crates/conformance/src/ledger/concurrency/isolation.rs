//! One caller's refusal does not fail another's write.

use std::collections::HashSet;

use futures::poll;
use stint_domain::PageSize;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ListTimeEntries, NewTimeEntry, RecordRefusal, RecordTimeError,
};

use crate::Ledger;
use crate::given::{at, batch, entries_of, entry, job_id, record, rename, set_minutes};

/// An adapter may gather concurrent writes into one statement. Those for existing jobs are stored AND answered as
/// stored, and each of the others gets its own reason.
pub async fn records_for_unknown_jobs_do_not_fail_those_for_known_ones(ledger: Ledger) {
    let (open, archived, taken) = (ledger.open_job().await.id, ledger.open_job().await.id, entry(job_id()).id);
    ledger.record(NewTimeEntry { id: taken, ..entry(open) }).await;
    ledger.archive(archived).await;
    let answers = ledger
        .together(40, |ledger, place| async move {
            let (new, refusal) = match place % 5 {
                1 => {
                    let unknown = job_id();
                    (entry(unknown), Some(RecordRefusal::JobNotFound(unknown)))
                }
                3 => (entry(archived), Some(RecordRefusal::JobArchived(archived))),
                4 => (NewTimeEntry { id: taken, ..entry(archived) }, Some(RecordRefusal::IdTaken(taken))),
                _ => (entry(open), None),
            };
            match (ledger.time_entries.record(record(new.clone())).await, refusal) {
                (Ok(applied), None) => {
                    assert_eq!(applied.outcome, new.stored(at(1)));
                    assert_eq!(ledger.entry(applied.outcome.id).await.as_ref(), Some(&applied.outcome));
                    Some(applied.outcome.id)
                }
                (Err(RecordTimeError::Refused(why)), Some(expected)) if why == expected => None,
                (other, expected) => panic!("{other:?} where {expected:?} was expected"),
            }
        })
        .await;
    assert_eq!(answers.into_iter().flatten().count(), 16);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), 1 + 16);
    assert_eq!(ledger.total(open).await, 30 * 17);
    ledger.assert_totals_are_sums().await;
}

/// Atomic batches that fail, per-item batches that fail in part, and single records at the same time.
pub async fn one_batchs_refusals_do_not_fail_another_batch(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger
        .together(20, |ledger, place| async move {
            let unknown = job_id();
            let mixed = vec![entry(job), entry(unknown), entry(job)];
            match place % 4 {
                0 => {
                    let refused = ledger.time_entries.record_batch(batch(BatchMode::Atomic, mixed)).await;
                    assert!(refused.is_err(), "{refused:?}");
                    0
                }
                1 => {
                    let outcome =
                        ledger.time_entries.record_batch(batch(BatchMode::PerItem, mixed)).await.unwrap().outcome;
                    assert_eq!(outcome[1], Err(RecordRefusal::JobNotFound(unknown)));
                    outcome.iter().flatten().count()
                }
                2 => {
                    let entries = vec![entry(job), entry(job)];
                    let outcome =
                        ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap().outcome;
                    outcome.iter().flatten().count()
                }
                _ => {
                    ledger.record(entry(job)).await;
                    1
                }
            }
        })
        .await;
    let stored: usize = stored.into_iter().sum();
    assert_eq!(stored, 5 * (2 + 2 + 1));
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), stored);
    assert_eq!(ledger.total(job).await, 30 * stored as u64);
}

/// A caller that has an answer finds the written values, by id and in the listing, while others write.
pub async fn a_write_is_seen_by_the_next_read(ledger: Ledger) {
    ledger
        .together(12, |ledger, place| async move {
            let job = ledger.open_job().await;
            for step in 1..=5 {
                let stored = ledger.record(entry(job.id)).await;
                assert_eq!(ledger.entry(stored.id).await.as_ref(), Some(&stored));
                assert_eq!(ledger.total(job.id).await, 30 * step);
                let edited = ledger.time_entries.update(set_minutes(stored.id, 30)).await.unwrap();
                assert_eq!(ledger.all_entries(entries_of(job.id)).await[0], edited);
                let renamed = ledger.jobs.update(rename(job.id, &format!("{place} {step}"))).await.unwrap();
                assert_eq!(ledger.job(job.id).await, renamed);
            }
        })
        .await;
}

/// At any point of the call, while an audit runs. Other writers notice nothing.
pub async fn a_call_that_is_given_up_happens_whole_or_not_at_all(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let mut batches: Vec<Vec<NewTimeEntry>> = Vec::new();
    for turns in 0..24 {
        let entries: Vec<_> = (0..5).map(|_| entry(job)).collect();
        batches.push(entries.clone());
        let mut call = ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries));
        for _ in 0..turns {
            if poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(call);
        ledger.record(entry(job)).await;
        assert_eq!(ledger.totals.audit().await.unwrap().drifts, []);
    }
    // A call may still be under way. One page shows one moment.
    let page = ListTimeEntries { size: PageSize::LARGEST, ..entries_of(job) };
    let page = ledger.time_entries.list(page).await.unwrap();
    let stored: HashSet<_> = page.items.into_iter().map(|entry| entry.id).collect();
    for entries in &batches {
        let stored = entries.iter().filter(|entry| stored.contains(&entry.id)).count();
        assert!([0, 5].contains(&stored), "{stored} of 5 entries are stored");
    }
    // After a repeat, whatever was under way changes nothing any more.
    for entries in batches {
        ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap();
    }
    assert_eq!(ledger.total(job).await, 24 * 6 * 30);
    ledger.assert_totals_are_sums().await;
}
