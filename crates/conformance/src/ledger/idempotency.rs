//! The duties of [`Idempotency`]: a write with a key happens once per token and key.

pub mod settled;

use stint_domain::ledger::ports::job::{CreateJob, CreateJobError, ListJobs};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ListTimeEntries, RecordBatch, RecordBatchError, RecordRefusal, RecordTime, RecordTimeError,
};
use stint_domain::ledger::{Applied, Idempotency, IdempotencyKey, JobStatus};
use stint_domain::values::{JobId, TokenId};

use crate::Ledger;
use crate::given::{
    at, batch, create_job, delete_entry, entry, fresh, idempotency, job_id, name, record, rename, reused, set_minutes,
    set_status,
};
use crate::ledger::concurrency::together;

/// Makes one test of each duty of writes with an idempotency key. The argument is an `async fn() -> Ledger`.
#[macro_export]
macro_rules! idempotency {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (ledger::idempotency) {
                a_repeat_with_a_key_gets_the_first_job,
                a_repeat_with_a_key_gets_the_first_entry,
                a_repeat_with_a_key_gets_the_first_batch_refusals_included,
                a_replay_shows_the_first_outcome_whatever_happened_since,
                a_key_used_for_another_request_is_refused_before_anything_else,
                a_key_used_for_one_operation_is_refused_for_another,
                a_key_belongs_to_its_token,
                keys_are_told_apart_by_every_character,
                a_refused_write_does_not_use_up_its_key,
                a_key_lives_for_24_hours,
                twenty_racing_repeats_create_one_job,
                twenty_racing_repeats_record_one_entry,
                twenty_racing_repeats_store_one_batch,
                of_racing_requests_with_one_key_one_fingerprint_gets_through,
                racing_repeats_of_a_refused_record_are_all_refused,
            }
            (ledger::idempotency::settled) {
                a_repeat_by_id_is_no_replay_until_its_key_was_used,
                a_per_item_batch_of_refusals_alone_keeps_its_key,
                a_key_of_one_operation_is_refused_for_another_whatever_the_fingerprint,
                of_racing_operations_with_one_key_one_kind_passes,
                a_key_of_long_ago_is_known_whole_or_not_at_all,
                a_repeat_beside_an_archive_gets_the_first_outcome,
            }
        }
    };
}

/// A repeat has a new id, as the services give it. That id is not used.
pub async fn a_repeat_with_a_key_gets_the_first_job(ledger: Ledger) {
    let key = idempotency();
    let first = ledger.jobs.create(keyed_job(&key)).await.unwrap();
    assert!(!first.replayed);
    let again = ledger.jobs.create(CreateJob { at: at(9), ..keyed_job(&key) }).await.unwrap();
    assert_eq!(again, Applied::earlier(first.outcome.clone()));
    assert_eq!(ledger.all_jobs(ListJobs::default()).await, [first.outcome]);
}

/// The entry is stored and counted once.
pub async fn a_repeat_with_a_key_gets_the_first_entry(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let first = ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap();
    assert!(!first.replayed);
    let counted = ledger.job(job).await;
    let again = ledger.time_entries.record(RecordTime { at: at(9), ..keyed_entry(job, &key) }).await.unwrap();
    assert_eq!(again, Applied::earlier(first.outcome.clone()));
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, [first.outcome]);
    assert_eq!(ledger.job(job).await, counted);
}

/// An entry that was refused then is refused in the answer now, although it could be stored by now.
pub async fn a_repeat_with_a_key_gets_the_first_batch_refusals_included(ledger: Ledger) {
    let (open, archived, unknown) = (ledger.open_job().await.id, ledger.open_job().await.id, job_id());
    ledger.archive(archived).await;
    let key = idempotency();
    let entries = vec![entry(open), entry(unknown), entry(archived), entry(open)];
    let command = RecordBatch { idempotency: Some(key), ..batch(BatchMode::PerItem, entries) };
    let first = ledger.time_entries.record_batch(command.clone()).await.unwrap();
    assert!(!first.replayed);
    assert_eq!(first.outcome[1], Err(RecordRefusal::JobNotFound(unknown)));
    assert_eq!(first.outcome[2], Err(RecordRefusal::JobArchived(archived)));

    ledger.jobs.update(set_status(archived, JobStatus::Open)).await.unwrap();
    ledger.create(CreateJob { id: unknown, ..create_job() }).await;
    let again = ledger.time_entries.record_batch(command).await.unwrap();
    assert_eq!(again, Applied::earlier(first.outcome));
    assert_eq!((ledger.total(open).await, ledger.total(archived).await, ledger.total(unknown).await), (60, 0, 0));
}

/// The job may have been edited, deleted or archived: the answer is the first one, including the version.
pub async fn a_replay_shows_the_first_outcome_whatever_happened_since(ledger: Ledger) {
    let (job_key, entry_key) = (idempotency(), idempotency());
    let job = ledger.jobs.create(keyed_job(&job_key)).await.unwrap().outcome;
    let first = ledger.time_entries.record(keyed_entry(job.id, &entry_key)).await.unwrap().outcome;
    ledger.time_entries.update(set_minutes(first.id, 99)).await.unwrap();
    ledger.jobs.update(rename(job.id, "Renamed")).await.unwrap();
    let expected = Applied::earlier(first.clone());
    assert_eq!(ledger.time_entries.record(keyed_entry(job.id, &entry_key)).await.unwrap(), expected);
    ledger.time_entries.delete(delete_entry(first.id)).await.unwrap();
    let archived = ledger.archive(job.id).await;
    assert_eq!(ledger.time_entries.record(keyed_entry(job.id, &entry_key)).await.unwrap(), expected);
    assert_eq!(ledger.jobs.create(keyed_job(&job_key)).await.unwrap(), Applied::earlier(job));
    assert_eq!(ledger.job(archived.id).await, archived);
}

/// The same key with another fingerprint, also where the request would be refused anyway.
pub async fn a_key_used_for_another_request_is_refused_before_anything_else(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap();
    let before = ledger.job(job).await;
    let other = reused(&key);
    for job in [job, job_id()] {
        let refused = ledger.time_entries.record(keyed_entry(job, &other)).await;
        assert!(matches!(refused, Err(RecordTimeError::KeyReused)), "{refused:?}");
        let refused = ledger.time_entries.record_batch(keyed_batch(job, &other)).await;
        assert!(matches!(refused, Err(RecordBatchError::KeyReused)), "{refused:?}");
        let taken = CreateJob { id: job, name: name("Other"), ..keyed_job(&other) };
        let refused = ledger.jobs.create(taken).await;
        assert!(matches!(refused, Err(CreateJobError::KeyReused)), "{refused:?}");
    }
    assert_eq!(ledger.all_jobs(ListJobs::default()).await, [before]);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), 1);
}

/// Keys of jobs and of entries are the same keys.
pub async fn a_key_used_for_one_operation_is_refused_for_another(ledger: Ledger) {
    let key = idempotency();
    let job = ledger.jobs.create(keyed_job(&key)).await.unwrap().outcome;
    let refused = ledger.time_entries.record(keyed_entry(job.id, &reused(&key))).await;
    assert!(matches!(refused, Err(RecordTimeError::KeyReused)), "{refused:?}");
    let refused = ledger.time_entries.record_batch(keyed_batch(job.id, &reused(&key))).await;
    assert!(matches!(refused, Err(RecordBatchError::KeyReused)), "{refused:?}");
    assert_eq!(ledger.job(job.id).await, job);
}

/// Two tokens can use the same key independently.
pub async fn a_key_belongs_to_its_token(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let other = Idempotency { token: TokenId::new(fresh()), ..reused(&key) };
    for key in [key, other] {
        assert!(!ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap().replayed);
    }
    assert_eq!(ledger.total(job).await, 60);
}

/// 255 characters, differences in case and in outer spaces, quotes.
pub async fn keys_are_told_apart_by_every_character(ledger: Ledger) {
    let (job, base) = (ledger.open_job().await.id, idempotency());
    let long = "k".repeat(254);
    for text in ["a", "A", " a", "a ", r#"'"; -- \ % _"#, &format!("{long}1"), &format!("{long}2")] {
        let key = Idempotency { key: IdempotencyKey::new(text).unwrap(), ..base.clone() };
        let first = ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap();
        assert!(!first.replayed, "{text:?}");
        let again = ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap();
        assert_eq!(again, Applied::earlier(first.outcome), "{text:?}");
    }
}

/// A refused write stores nothing. Sent again when the reason is gone, with the same or another fingerprint, it
/// succeeds.
pub async fn a_refused_write_does_not_use_up_its_key(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    ledger.archive(job).await;
    let (single, many, creation) = (idempotency(), idempotency(), idempotency());
    assert!(ledger.time_entries.record(keyed_entry(job, &single)).await.is_err());
    assert!(ledger.time_entries.record_batch(keyed_batch(job, &many)).await.is_err());
    assert!(ledger.jobs.create(CreateJob { id: job, name: name("Other"), ..keyed_job(&creation) }).await.is_err());

    ledger.jobs.update(set_status(job, JobStatus::Open)).await.unwrap();
    assert!(!ledger.time_entries.record(keyed_entry(job, &reused(&single))).await.unwrap().replayed);
    assert!(!ledger.time_entries.record_batch(keyed_batch(job, &many)).await.unwrap().replayed);
    assert!(!ledger.jobs.create(keyed_job(&reused(&creation))).await.unwrap().replayed);
    assert_eq!(ledger.total(job).await, 60);
}

/// At least: an adapter may keep it longer. Other keys that are used meanwhile do not displace it.
pub async fn a_key_lives_for_24_hours(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let command = RecordTime { at: at(0), ..keyed_entry(job, &key) };
    let first = ledger.time_entries.record(command).await.unwrap().outcome;
    for hours in [1, 12, 23] {
        let busy = RecordTime { at: at(hours * 3600), ..keyed_entry(job, &idempotency()) };
        ledger.time_entries.record(busy).await.unwrap();
    }
    let late = RecordTime { at: at(24 * 3600 - 1), ..keyed_entry(job, &key) };
    assert_eq!(ledger.time_entries.record(late).await.unwrap(), Applied::earlier(first));
}

/// One job is created, all get the same answer, and for one of them it is no replay.
pub async fn twenty_racing_repeats_create_one_job(ledger: Ledger) {
    let key = idempotency();
    let answers = together(20, |_| {
        let (ledger, key) = (ledger.clone(), key.clone());
        async move { ledger.jobs.create(keyed_job(&key)).await.unwrap() }
    })
    .await;
    assert_one_did_it(&answers);
    assert_eq!(ledger.all_jobs(ListJobs::default()).await.len(), 1);
}

/// One entry is stored and counted once, all get the same answer, and for one of them it is no replay.
pub async fn twenty_racing_repeats_record_one_entry(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let answers = together(20, |_| {
        let (ledger, key) = (ledger.clone(), key.clone());
        async move { ledger.time_entries.record(keyed_entry(job, &key)).await.unwrap() }
    })
    .await;
    assert_one_did_it(&answers);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, [answers[0].outcome.clone()]);
    assert_eq!(ledger.total(job).await, 30);
}

/// As for one entry, also with refusals.
pub async fn twenty_racing_repeats_store_one_batch(ledger: Ledger) {
    let (job, unknown, key) = (ledger.open_job().await.id, job_id(), idempotency());
    let answers = together(20, |_| {
        let (ledger, key) = (ledger.clone(), key.clone());
        let entries = vec![entry(job), entry(unknown), entry(job)];
        let command = RecordBatch { idempotency: Some(key), ..batch(BatchMode::PerItem, entries) };
        async move { ledger.time_entries.record_batch(command).await.unwrap() }
    })
    .await;
    assert_one_did_it(&answers);
    assert_eq!(answers[0].outcome[1], Err(RecordRefusal::JobNotFound(unknown)));
    assert_eq!(ledger.total(job).await, 60);
    ledger.assert_totals_are_sums().await;
}

/// Repeats of the same request get its outcome. The others are told that the key is used.
pub async fn of_racing_requests_with_one_key_one_fingerprint_gets_through(ledger: Ledger) {
    let (job, key) = (ledger.open_job().await.id, idempotency());
    let answers = together(20, |place| {
        let (ledger, key) = (ledger.clone(), if place % 2 == 0 { key.clone() } else { reused(&key) });
        async move { ledger.time_entries.record(keyed_entry(job, &key)).await }
    })
    .await;
    let winners: Vec<_> = answers.iter().flatten().cloned().collect();
    assert_eq!(winners.len(), 10);
    assert_one_did_it(&winners);
    for lost in answers.iter().filter(|answer| answer.is_err()) {
        assert!(matches!(lost, Err(RecordTimeError::KeyReused)), "{lost:?}");
    }
    assert_eq!(ledger.total(job).await, 30);
}

/// None waits for ever for an outcome that never comes, and none gets a replay.
pub async fn racing_repeats_of_a_refused_record_are_all_refused(ledger: Ledger) {
    let (unknown, key) = (job_id(), idempotency());
    let answers = together(20, |_| {
        let (ledger, key) = (ledger.clone(), key.clone());
        async move { ledger.time_entries.record(keyed_entry(unknown, &key)).await }
    })
    .await;
    for refused in answers {
        let expected = RecordRefusal::JobNotFound(unknown);
        assert!(matches!(refused, Err(RecordTimeError::Refused(why)) if why == expected), "{refused:?}");
    }
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, []);
}

fn assert_one_did_it<T: PartialEq + std::fmt::Debug>(answers: &[Applied<T>]) {
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1, "one of them did it");
    for answer in answers {
        assert_eq!(answer.outcome, answers[0].outcome, "all get the same outcome");
    }
}

fn keyed_job(key: &Idempotency) -> CreateJob {
    CreateJob { idempotency: Some(key.clone()), ..create_job() }
}

fn keyed_entry(job: JobId, key: &Idempotency) -> RecordTime {
    RecordTime { idempotency: Some(key.clone()), ..record(entry(job)) }
}

/// An atomic batch of one entry.
fn keyed_batch(job: JobId, key: &Idempotency) -> RecordBatch {
    RecordBatch { idempotency: Some(key.clone()), ..batch(BatchMode::Atomic, vec![entry(job)]) }
}
