//! Totals equal sums, however many callers write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use stint_domain::ledger::ports::job::ChangeJobError;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, ListTimeEntries, RecordRefusal, RecordTimeError,
};
use stint_domain::values::{JobId, TimeEntryId};

use super::together;
use crate::Ledger;
use crate::given::{
    batch, delete_entry, delete_job, delete_job_with_entries, entries_of, entry, move_to, record, set_minutes,
};
use crate::suite::unless_refused;

/// Every accepted write is counted, and each made the job's next version.
pub async fn twenty_writers_on_one_job_lose_no_minutes_and_no_version(ledger: Ledger) {
    let created = ledger.open_job().await;
    together(20, |_| {
        let (ledger, job) = (ledger.clone(), created.id);
        async move {
            let (kept, edited) = (ledger.record(entry(job)).await, ledger.record(entry(job)).await);
            let doomed = ledger.record(entry(job)).await;
            ledger.time_entries.update(set_minutes(edited.id, 45)).await.unwrap();
            ledger.time_entries.delete(delete_entry(doomed.id)).await.unwrap();
            assert_eq!(ledger.entry(kept.id).await, Some(kept));
        }
    })
    .await;
    let job = ledger.job(created.id).await;
    assert_eq!(job.total_minutes.get(), 20 * (30 + 45));
    assert_eq!(job.version.get(), created.version.get() + 20 * 5);
    ledger.assert_totals_are_sums().await;
}

/// Records, batches, edits, moves and deletions of each other's entries. A writer may come too late, but no write
/// fails because of a deadlock, and at the end every total is the sum.
pub async fn twenty_writers_on_a_few_jobs_keep_every_total(ledger: Ledger) {
    let mut jobs = Vec::new();
    let mut entries = Vec::new();
    for _ in 0..4 {
        let job = ledger.open_job().await.id;
        jobs.push(job);
        for _ in 0..4 {
            entries.push(ledger.record(entry(job)).await.id);
        }
    }
    together(20, |writer| mixed_writer(ledger.clone(), writer, jobs.clone(), entries.clone())).await;
    ledger.assert_totals_are_sums().await;
}

async fn mixed_writer(ledger: Ledger, writer: usize, jobs: Vec<JobId>, entries: Vec<TimeEntryId>) {
    for step in 0..12 {
        // A fixed scramble of writer and step: every writer takes its own way through the same few jobs and entries.
        let dice = (writer * 31 + step * 17) ^ (writer * step);
        let (job, shared) = (jobs[dice % jobs.len()], entries[dice % entries.len()]);
        match dice % 5 {
            0 => drop(ledger.record(entry(job)).await),
            1 => {
                let entries = (0..3).map(|place| entry(jobs[(dice + place) % jobs.len()])).collect();
                ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap();
            }
            2 => assert_done_or_gone(
                ledger.time_entries.update(set_minutes(shared, 1 + i64::try_from(dice % 99).unwrap())).await,
            ),
            3 => assert_done_or_gone(ledger.time_entries.update(move_to(shared, job)).await),
            _ if step < 6 => drop(ledger.record(entry(job)).await),
            _ => assert_done_or_gone(ledger.time_entries.delete(delete_entry(shared)).await),
        }
    }
}

fn assert_done_or_gone<T>(result: Result<T, ChangeTimeEntryError>) {
    unless_refused!(result, ChangeTimeEntryError::NotFound(_) | ChangeTimeEntryError::JobNotFound(_));
}

/// Two moves that lock two jobs in opposite order both succeed.
pub async fn entries_that_move_both_ways_at_once_keep_both_totals(ledger: Ledger) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
    ledger
        .together(16, |ledger, mover| async move {
            let moving = ledger.record(entry(jobs[mover % 2])).await.id;
            for step in 1..=5 {
                ledger.time_entries.update(move_to(moving, jobs[(mover + step) % 2])).await.unwrap();
            }
        })
        .await;
    assert_eq!((ledger.total(jobs[0]).await, ledger.total(jobs[1]).await), (240, 240));
    ledger.assert_totals_are_sums().await;
}

/// The same for batches.
pub async fn batches_that_name_their_jobs_in_opposite_order_all_succeed(ledger: Ledger) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id, ledger.open_job().await.id];
    ledger
        .together(16, |ledger, writer| async move {
            for _ in 0..4 {
                let mut entries: Vec<_> = jobs.map(entry).into();
                if writer % 2 == 0 {
                    entries.reverse();
                }
                ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await.unwrap();
            }
        })
        .await;
    for job in jobs {
        assert_eq!(ledger.total(job).await, 16 * 4 * 30);
    }
}

/// A caller that lost the answer and sends again may race with its own first attempt.
pub async fn racing_repeats_of_a_record_without_a_key_count_once(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let command = record(entry(job));
    let answers = together(20, |_| {
        let (ledger, command) = (ledger.clone(), command.clone());
        async move { ledger.time_entries.record(command).await.unwrap().outcome }
    })
    .await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, answers[..1]);
    assert_eq!(ledger.total(job).await, 30);
}

/// The archive happens before a record or after it: an accepted record is counted, and after the archive's answer
/// every record is refused.
pub async fn an_archive_racing_with_records_loses_no_accepted_one_and_lets_none_in_afterwards(ledger: Ledger) {
    for _ in 0..5 {
        let job = ledger.open_job().await.id;
        let answered = Arc::new(AtomicBool::new(false));
        let accepted = together(12, |place| {
            let (ledger, answered) = (ledger.clone(), answered.clone());
            async move {
                if place == 6 {
                    ledger.archive(job).await;
                    answered.store(true, Ordering::SeqCst);
                    return 0;
                }
                let mut accepted = 0;
                loop {
                    let late = answered.load(Ordering::SeqCst);
                    match ledger.time_entries.record(record(entry(job))).await {
                        Ok(_) => assert!(!late, "a record was accepted after the archive had answered"),
                        Err(RecordTimeError::Refused(RecordRefusal::JobArchived(_))) => return accepted,
                        Err(other) => panic!("{other:?}"),
                    }
                    accepted += 1;
                    // An adapter that never waits would otherwise keep the archive from its turn.
                    tokio::task::yield_now().await;
                }
            }
        })
        .await;
        assert_eq!(ledger.total(job).await, accepted.iter().sum::<u64>() * 30);
    }
    ledger.assert_totals_are_sums().await;
}

/// Records, edits and deletions of the job's entries, and moves in and out, each happen before the deletion or not at
/// all. Entries that were moved out in time stay, and nothing is left of the job.
pub async fn a_deletion_with_entries_racing_with_writes_leaves_nothing_behind(ledger: Ledger) {
    for _ in 0..5 {
        let (doomed, other) = (ledger.open_job().await.id, ledger.open_job().await.id);
        ledger
            .together(13, |ledger, place| async move {
                if place == 6 {
                    return ledger.jobs.delete(delete_job_with_entries(doomed)).await.unwrap();
                }
                for _ in 0..4 {
                    let into = if place % 3 == 0 { other } else { doomed };
                    match ledger.time_entries.record(record(entry(into))).await {
                        Ok(applied) if place % 3 == 0 => {
                            assert_done_or_gone(ledger.time_entries.update(move_to(applied.outcome.id, doomed)).await);
                        }
                        Ok(applied) if place % 3 == 1 => {
                            assert_done_or_gone(ledger.time_entries.update(move_to(applied.outcome.id, other)).await);
                        }
                        Ok(applied) => {
                            assert_done_or_gone(ledger.time_entries.update(set_minutes(applied.outcome.id, 9)).await);
                        }
                        Err(RecordTimeError::Refused(RecordRefusal::JobNotFound(_))) => {}
                        Err(error) => panic!("{error:?}"),
                    }
                }
            })
            .await;
        assert_eq!(ledger.jobs.find(doomed).await.unwrap(), None);
        assert_eq!(ledger.all_entries(entries_of(doomed)).await, []);
        ledger.assert_totals_are_sums().await;
    }
}

/// Either a record comes first and the deletion is refused, or the record comes too late and is refused.
pub async fn a_deletion_without_entries_racing_with_records_orphans_none(ledger: Ledger) {
    for _ in 0..10 {
        let job = ledger.open_job().await.id;
        let accepted = ledger
            .together(7, |ledger, place| async move {
                if place == 3 {
                    unless_refused!(ledger.jobs.delete(delete_job(job)).await, ChangeJobError::HasEntries(_));
                    return false;
                }
                unless_refused!(
                    ledger.time_entries.record(record(entry(job))).await,
                    RecordTimeError::Refused(RecordRefusal::JobNotFound(_))
                )
                .is_some()
            })
            .await;
        let accepted = accepted.into_iter().filter(|accepted| *accepted).count();
        assert_eq!(ledger.jobs.find(job).await.unwrap().is_some(), accepted > 0);
        assert_eq!(ledger.all_entries(entries_of(job)).await.len(), accepted);
    }
    ledger.assert_totals_are_sums().await;
}
