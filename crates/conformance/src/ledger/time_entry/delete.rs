//! Deleting an entry.

use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries};
use stint_domain::ledger::{Job, Precondition};

use crate::Ledger;
use crate::given::{at, delete_entry, entry, entry_id, exactly, stale};

/// It is neither found nor listed, and cannot be deleted again. Other entries are still counted.
pub async fn a_deleted_entry_is_gone_and_no_longer_counted(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let (doomed, kept) = (ledger.record(entry(job)).await, ledger.record(entry(job)).await);
    let guarded = DeleteTimeEntry { precondition: exactly(doomed.version), ..delete_entry(doomed.id) };
    ledger.time_entries.delete(guarded).await.unwrap();
    assert_eq!(ledger.entry(doomed.id).await, None);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, [kept]);
    assert_eq!(ledger.total(job).await, 30);
    let again = ledger.time_entries.delete(delete_entry(doomed.id)).await;
    assert!(matches!(again, Err(ChangeTimeEntryError::NotFound(id)) if id == doomed.id), "{again:?}");
    assert_eq!(ledger.total(job).await, 30);
}

/// The job gets the next version and the command's `at`.
pub async fn a_deletion_is_a_change_of_the_job(ledger: Ledger) {
    let created = ledger.open_job().await;
    let doomed = ledger.record(entry(created.id)).await.id;
    ledger.time_entries.delete(DeleteTimeEntry { at: at(8), ..delete_entry(doomed) }).await.unwrap();
    let version = created.version.next().next();
    assert_eq!(ledger.job(created.id).await, Job { version, updated_at: at(8), ..created });
}

/// The first refusal in the order of the variants.
pub async fn deleting_an_unknown_entry_is_refused_before_its_precondition(ledger: Ledger) {
    let unknown = entry_id();
    for precondition in [Precondition::None, Precondition::Exists, stale()] {
        let refused = ledger.time_entries.delete(DeleteTimeEntry { precondition, ..delete_entry(unknown) }).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::NotFound(id)) if id == unknown), "{refused:?}");
    }
}

/// Also when the job is archived: the precondition comes first.
pub async fn a_deletion_with_a_stale_version_changes_nothing(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await;
    for archive in [false, true] {
        if archive {
            ledger.archive(job).await;
        }
        let before = ledger.job(job).await;
        let guarded = DeleteTimeEntry { precondition: stale(), ..delete_entry(stored.id) };
        let refused = ledger.time_entries.delete(guarded).await;
        let current = Some(stored.version);
        assert!(
            matches!(refused, Err(ChangeTimeEntryError::Precondition(ref failed)) if failed.current == current),
            "{refused:?}"
        );
        assert_eq!(ledger.job(job).await, before);
        assert_eq!(ledger.entry(stored.id).await.as_ref(), Some(&stored));
    }
}

/// Neither the entry nor the job changes.
pub async fn an_entry_of_an_archived_job_is_not_deleted(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await;
    let archived = ledger.archive(job).await;
    let refused = ledger.time_entries.delete(delete_entry(stored.id)).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == job), "{refused:?}");
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
    assert_eq!(ledger.job(job).await, archived);
}
