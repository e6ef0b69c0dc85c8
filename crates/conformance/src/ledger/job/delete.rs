//! Deleting a job, with or without its entries.

use stint_domain::ledger::ports::job::{ChangeJobError, CreateJob, DeleteJob, ListJobs, UpdateJob};
use stint_domain::ledger::{JobStatus, Precondition};

use crate::Ledger;
use crate::given::{
    at, create_job, delete_job, delete_job_with_entries, entries_of, entry, exactly, job_id, rename, stale,
};

/// A deleted job is neither found nor listed, and cannot be deleted again.
pub async fn a_deleted_job_is_gone(ledger: Ledger) {
    let job = ledger.open_job().await;
    let guarded = DeleteJob { precondition: exactly(job.version), ..delete_job(job.id) };
    ledger.jobs.delete(guarded).await.unwrap();
    assert_eq!(ledger.jobs.find(job.id).await.unwrap(), None);
    assert_eq!(ledger.all_jobs(ListJobs::default()).await, []);
    let again = ledger.jobs.delete(delete_job(job.id)).await;
    assert!(matches!(again, Err(ChangeJobError::NotFound(id)) if id == job.id), "{again:?}");
}

/// Nobody loses time by accident.
pub async fn a_job_with_entries_is_not_deleted_unless_told(ledger: Ledger) {
    let id = ledger.open_job().await.id;
    let stored = ledger.record(entry(id)).await;
    let before = ledger.job(id).await;
    let refused = ledger.jobs.delete(delete_job(id)).await;
    assert!(matches!(refused, Err(ChangeJobError::HasEntries(job)) if job == id), "{refused:?}");
    assert_eq!(ledger.job(id).await, before);
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
}

/// The entries are deleted with their job; another job's stay.
pub async fn deleting_a_job_with_its_entries_leaves_no_entry_and_no_other_job_changed(ledger: Ledger) {
    let (doomed, other) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let gone = ledger.record(entry(doomed)).await;
    ledger.record(entry(doomed)).await;
    let kept = ledger.record(entry(other)).await;
    let before = ledger.job(other).await;
    ledger.jobs.delete(delete_job_with_entries(doomed)).await.unwrap();
    assert_eq!(ledger.jobs.find(doomed).await.unwrap(), None);
    assert_eq!(ledger.entry(gone.id).await, None);
    assert_eq!(ledger.all_entries(entries_of(doomed)).await, []);
    assert_eq!(ledger.entry(kept.id).await, Some(kept));
    assert_eq!(ledger.job(other).await, before);
    ledger.assert_totals_are_sums().await;
}

/// An archived job is neither easier nor harder to delete.
pub async fn an_archived_job_is_deleted_by_the_same_rule(ledger: Ledger) {
    let empty = ledger.create(CreateJob { status: JobStatus::Archived, ..create_job() }).await.id;
    ledger.jobs.delete(delete_job(empty)).await.unwrap();
    let used = ledger.open_job().await.id;
    ledger.record(entry(used)).await;
    ledger.archive(used).await;
    let refused = ledger.jobs.delete(delete_job(used)).await;
    assert!(matches!(refused, Err(ChangeJobError::HasEntries(_))), "{refused:?}");
    ledger.jobs.delete(delete_job_with_entries(used)).await.unwrap();
    assert_eq!(ledger.all_jobs(ListJobs::default()).await, []);
}

/// The first refusal in the order of the variants.
pub async fn deleting_an_unknown_job_is_refused_before_its_precondition(ledger: Ledger) {
    let id = job_id();
    for precondition in [Precondition::None, Precondition::Exists, stale()] {
        let refused = ledger.jobs.delete(DeleteJob { precondition, ..delete_job_with_entries(id) }).await;
        assert!(matches!(refused, Err(ChangeJobError::NotFound(unknown)) if unknown == id), "{refused:?}");
    }
}

/// The first refusal in the order of the variants. Neither the job nor its entries are deleted.
pub async fn a_stale_version_is_refused_before_the_entries_are_looked_at(ledger: Ledger) {
    let created = ledger.open_job().await;
    let stored = ledger.record(entry(created.id)).await;
    let before = ledger.job(created.id).await;
    for command in [delete_job(before.id), delete_job_with_entries(before.id)] {
        let refused = ledger.jobs.delete(DeleteJob { precondition: exactly(created.version), ..command }).await;
        let current = Some(before.version);
        assert!(
            matches!(refused, Err(ChangeJobError::Precondition(ref failed)) if failed.current == current),
            "{refused:?}"
        );
        assert_eq!(ledger.job(before.id).await, before);
        assert_eq!(ledger.entry(stored.id).await.as_ref(), Some(&stored));
    }
}

/// A version that was read before the deletion does not match the new job with the same id.
pub async fn a_deleted_id_created_again_has_no_old_version(ledger: Ledger) {
    let command = create_job();
    let first = ledger.create(command.clone()).await;
    ledger.jobs.update(rename(first.id, "Renamed")).await.unwrap();
    ledger.jobs.delete(delete_job(first.id)).await.unwrap();
    let second = ledger.create(CreateJob { at: at(60), ..command }).await;
    assert!(second.version > first.version.next());
    let old = UpdateJob { precondition: exactly(first.version), ..rename(first.id, "Lost") };
    assert!(ledger.jobs.update(old).await.is_err());
    assert_eq!(ledger.job(second.id).await, second);
}
