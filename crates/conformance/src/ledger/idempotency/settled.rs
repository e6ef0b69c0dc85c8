//! The stored outcome of a key: for which writes it is stored, for whom, and for how long.

use stint_domain::ledger::ports::job::{CreateJob, CreateJobError, ListJobs};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ListTimeEntries, RecordBatch, RecordBatchError, RecordRefusal, RecordTime, RecordTimeError,
};
use stint_domain::ledger::{Applied, JobStatus};

use super::{keyed_batch, keyed_entry, keyed_job};
use crate::Ledger;
use crate::given::{at, batch, create_job, entry, idempotency, job_id, record, reused, set_status};
use crate::ledger::concurrency::race;
use crate::suite::unless_refused;

/// The repeat gets the entry as it is, and this answer is stored under the key that it brings.
pub async fn a_repeat_by_id_is_no_replay_until_its_key_was_used(ledger: Ledger) {
    let job = create_job();
    let first = ledger.create(job.clone()).await;
    let key = Some(idempotency());
    for (idempotency, replayed) in [(None, false), (key.clone(), false), (key, true)] {
        let again = ledger.jobs.create(CreateJob { idempotency, ..job.clone() }).await.unwrap();
        assert_eq!(again, Applied { outcome: first.clone(), replayed });
    }
    let new = record(entry(first.id));
    let stored = ledger.record(new.entry.clone()).await;
    let key = Some(idempotency());
    for (idempotency, replayed) in [(None, false), (key.clone(), false), (key, true)] {
        let again = ledger.time_entries.record(RecordTime { idempotency, ..new.clone() }).await.unwrap();
        assert_eq!(again, Applied { outcome: stored.clone(), replayed });
    }
    let key = Some(idempotency());
    for (idempotency, replayed) in [(None, false), (key.clone(), false), (key, true)] {
        let command = RecordBatch { idempotency, ..batch(BatchMode::Atomic, vec![new.entry.clone()]) };
        let again = ledger.time_entries.record_batch(command).await.unwrap();
        assert_eq!(again, Applied { outcome: vec![Ok(stored.clone())], replayed });
    }
    assert_eq!(ledger.total(first.id).await, 30);
}

/// Such a batch is not refused, even when it stored nothing. Nor is a batch without entries.
pub async fn a_per_item_batch_of_refusals_alone_keeps_its_key(ledger: Ledger) {
    let unknown = job_id();
    for entries in [vec![entry(unknown), entry(unknown)], vec![]] {
        let command = RecordBatch { idempotency: Some(idempotency()), ..batch(BatchMode::PerItem, entries.clone()) };
        let first = ledger.time_entries.record_batch(command.clone()).await.unwrap();
        let refusals = entries.iter().map(|_| Err(RecordRefusal::JobNotFound(unknown))).collect();
        assert_eq!(first, Applied::now(refusals));
        let again = ledger.time_entries.record_batch(command.clone()).await.unwrap();
        assert_eq!(again, Applied::earlier(first.outcome));
        let key = command.idempotency.as_ref().map(reused);
        let other = ledger.time_entries.record_batch(RecordBatch { idempotency: key, ..command }).await;
        assert!(matches!(other, Err(RecordBatchError::KeyReused)), "{other:?}");
    }
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, []);
}

/// Its outcome would be no answer to another operation.
pub async fn a_key_of_one_operation_is_refused_for_another_whatever_the_fingerprint(ledger: Ledger) {
    let (creation, single, many) = (idempotency(), idempotency(), idempotency());
    let job = ledger.jobs.create(keyed_job(&creation)).await.unwrap().outcome.id;
    ledger.time_entries.record(keyed_entry(job, &single)).await.unwrap();
    ledger.time_entries.record_batch(keyed_batch(job, &many)).await.unwrap();
    for key in [&single, &many] {
        let refused = ledger.jobs.create(keyed_job(key)).await;
        assert!(matches!(refused, Err(CreateJobError::KeyReused)), "{refused:?}");
    }
    for key in [&creation, &many] {
        let refused = ledger.time_entries.record(keyed_entry(job, key)).await;
        assert!(matches!(refused, Err(RecordTimeError::KeyReused)), "{refused:?}");
    }
    for key in [&creation, &single] {
        let refused = ledger.time_entries.record_batch(keyed_batch(job, key)).await;
        assert!(matches!(refused, Err(RecordBatchError::KeyReused)), "{refused:?}");
    }
    assert_eq!((ledger.all_jobs(ListJobs::default()).await.len(), ledger.total(job).await), (1, 60));
}

/// Repeats of the operation that came first get its outcome; all others are refused.
pub async fn of_racing_operations_with_one_key_one_kind_passes(ledger: Ledger) {
    for round in 0..4 {
        let (job, key) = (ledger.open_job().await.id, idempotency());
        let jobs = ledger.all_jobs(ListJobs::default()).await.len();
        let passed = race(round, 12, |place| {
            let (ledger, key) = (ledger.clone(), key.clone());
            async move {
                match place % 3 {
                    0 => unless_refused!(ledger.jobs.create(keyed_job(&key)).await, CreateJobError::KeyReused)
                        .map(|applied| applied.replayed),
                    1 => unless_refused!(
                        ledger.time_entries.record(keyed_entry(job, &key)).await,
                        RecordTimeError::KeyReused
                    )
                    .map(|applied| applied.replayed),
                    _ => unless_refused!(
                        ledger.time_entries.record_batch(keyed_batch(job, &key)).await,
                        RecordBatchError::KeyReused
                    )
                    .map(|applied| applied.replayed),
                }
            }
        })
        .await;
        assert_eq!(passed.iter().filter(|passed| **passed == Some(false)).count(), 1, "one did it: {passed:?}");
        let kinds = (0..3).filter(|kind| passed.iter().skip(*kind).step_by(3).any(Option::is_some)).count();
        assert_eq!((kinds, passed.iter().flatten().count()), (1, 4), "all of one kind: {passed:?}");
        let made = ledger.all_jobs(ListJobs::default()).await.len() - jobs;
        assert_eq!(ledger.total(job).await / 30 + made as u64, 1);
    }
    ledger.assert_totals_are_sums().await;
}

/// An adapter may delete keys that are older than 24 hours by itself, or keep them until housekeeping deletes them. A
/// repeat gets the first outcome or is a write of its own. It never gets an error, or half of both.
pub async fn a_key_of_long_ago_is_known_whole_or_not_at_all(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let first = ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap().outcome;
    for days in 1..=12 {
        let busy = RecordTime { at: at(days * 86_400), ..keyed_entry(job, &idempotency()) };
        ledger.time_entries.record(busy).await.unwrap();
    }
    let counted = ledger.total(job).await;
    let late = RecordTime { at: at(13 * 86_400), ..keyed_entry(job, &key) };
    let again = ledger.time_entries.record(late).await.unwrap();
    assert_eq!(again.outcome == first, again.replayed);
    assert_eq!(ledger.total(job).await, counted + if again.replayed { 0 } else { 30 });
    let other = RecordTime { at: at(13 * 86_400), ..keyed_entry(job, &reused(&key)) };
    let refused = ledger.time_entries.record(other).await;
    assert!(matches!(refused, Err(RecordTimeError::KeyReused)), "{refused:?}");
}

/// The key is read before the job, so an archive in between does not change a repeat's answer.
pub async fn a_repeat_beside_an_archive_gets_the_first_outcome(ledger: Ledger) {
    for round in 0..6 {
        let (job, key) = (ledger.open_job().await.id, idempotency());
        let first = ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap().outcome;
        let answers = race(round, 6, |place| {
            let (ledger, key) = (ledger.clone(), key.clone());
            async move {
                if place == 3 {
                    ledger.jobs.update(set_status(job, JobStatus::Archived)).await.unwrap();
                    return None;
                }
                Some(ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap())
            }
        })
        .await;
        for answer in answers.into_iter().flatten() {
            assert_eq!(answer, Applied::earlier(first.clone()));
        }
    }
}
