//! Recording and finding one entry.

use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{
    ListTimeEntries, NewTimeEntry, RecordRefusal, RecordTime, RecordTimeError,
};
use stint_domain::values::Version;

use crate::Ledger;
use crate::given::{at, day, delete_entry, entry, entry_id, job_id, minutes, record, set_minutes, subject, summary};

/// A new entry has the first version of its creation and reads back as it was returned. Its job's total grows.
pub async fn a_recorded_entry_reads_back_and_is_counted(ledger: Ledger) {
    let job = ledger.open_job().await;
    let new = NewTimeEntry { minutes_worked: minutes(45), date_stamp: day(3), ..entry(job.id) };
    let applied = ledger.time_entries.record(record(new.clone())).await.unwrap();
    let expected = TimeEntry {
        id: new.id,
        related_job: job.id,
        minutes_worked: minutes(45),
        date_stamp: day(3),
        work_summary: summary("read the field notes"),
        created_by: subject("ada"),
        version: Version::initial(at(1)),
        created_at: at(1),
        updated_at: at(1),
    };
    assert!(!applied.replayed);
    assert_eq!(applied.outcome, expected);
    assert_eq!(ledger.entry(new.id).await, Some(expected));
    assert_eq!(ledger.total(job.id).await, 45);
}

/// The job's `updated_at` is the command's `at`. Nothing else of the job changes but its total.
pub async fn every_record_makes_the_next_version_of_its_job(ledger: Ledger) {
    let mut expected = ledger.open_job().await;
    for seconds in 1..=3 {
        let new = entry(expected.id);
        expected.total_minutes = expected.total_minutes.plus(new.minutes_worked).unwrap();
        expected.version = expected.version.next();
        expected.updated_at = at(seconds);
        ledger.time_entries.record(RecordTime { at: at(seconds), ..record(new) }).await.unwrap();
        assert_eq!(ledger.job(expected.id).await, expected);
    }
}

/// A repeat after a lost answer returns the entry as it is, and changes neither the entry nor its job.
pub async fn recording_twice_counts_once(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    let stored = ledger.record(new.clone()).await;
    let counted = ledger.job(job).await;
    let again = ledger.time_entries.record(RecordTime { at: at(5), ..record(new) }).await.unwrap();
    assert_eq!(again.outcome, stored);
    assert_eq!(ledger.job(job).await, counted);
    assert_eq!(counted.total_minutes.get(), 30);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, [stored]);
}

/// The write happened before the archive, so its answer does not change.
pub async fn a_repeat_is_answered_though_the_job_was_archived_meanwhile(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    let stored = ledger.record(new.clone()).await;
    let archived = ledger.archive(job).await;
    assert_eq!(ledger.record(new).await, stored);
    assert_eq!(ledger.job(job).await, archived);
}

/// Other values under a taken id mean another entry, which is refused, whatever its job is, and even when they are
/// values from before an edit.
pub async fn a_taken_entry_id_is_refused_before_anything_else(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let archived = ledger.open_job().await.id;
    ledger.archive(archived).await;
    let new = entry(job);
    let stored = ledger.record(new.clone()).await;
    let others = [
        NewTimeEntry { minutes_worked: minutes(31), ..new.clone() },
        NewTimeEntry { date_stamp: day(1), ..new.clone() },
        NewTimeEntry { work_summary: summary("other"), ..new.clone() },
        NewTimeEntry { created_by: subject("eve"), ..new.clone() },
        NewTimeEntry { related_job: archived, ..new.clone() },
        NewTimeEntry { related_job: job_id(), ..new.clone() },
    ];
    for other in others {
        assert_refused(&ledger, other, RecordRefusal::IdTaken(new.id)).await;
        assert_eq!(ledger.entry(new.id).await.as_ref(), Some(&stored));
    }
    ledger.time_entries.update(set_minutes(new.id, 60)).await.unwrap();
    assert_refused(&ledger, new, RecordRefusal::IdTaken(stored.id)).await;
    assert_eq!(ledger.total(job).await, 60);
}

/// Nothing is stored, and no job is created.
pub async fn a_record_for_an_unknown_job_leaves_no_trace(ledger: Ledger) {
    let job = job_id();
    let new = entry(job);
    assert_refused(&ledger, new.clone(), RecordRefusal::JobNotFound(job)).await;
    assert_eq!(ledger.entry(new.id).await, None);
    assert_eq!(ledger.jobs.find(job).await.unwrap(), None);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, []);
}

/// Nothing is stored, and the job is unchanged.
pub async fn a_record_for_an_archived_job_leaves_no_trace(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let archived = ledger.archive(job).await;
    let new = entry(job);
    assert_refused(&ledger, new.clone(), RecordRefusal::JobArchived(job)).await;
    assert_eq!(ledger.entry(new.id).await, None);
    assert_eq!(ledger.job(job).await, archived);
}

/// The id of a deleted entry is free.
pub async fn a_deleted_entry_can_be_recorded_again(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    let first = ledger.record(new.clone()).await;
    ledger.time_entries.delete(delete_entry(new.id)).await.unwrap();
    let second = ledger.time_entries.record(RecordTime { at: at(60), ..record(new) }).await.unwrap().outcome;
    assert!(second.version > first.version);
    assert_eq!(ledger.total(job).await, 30);
}

/// The answer is `None`, not an error.
pub async fn an_unknown_entry_is_not_found(ledger: Ledger) {
    assert_eq!(ledger.entry(entry_id()).await, None);
}

async fn assert_refused(ledger: &Ledger, new: NewTimeEntry, refusal: RecordRefusal) {
    let refused = ledger.time_entries.record(record(new)).await;
    assert!(matches!(refused, Err(RecordTimeError::Refused(why)) if why == refusal), "{refusal:?}: {refused:?}");
}
