//! Guarded writes of a job that race with each other, and with writes of its entries.

use stint_domain::ledger::Precondition;
use stint_domain::ledger::ports::job::{ChangeJobError, DeleteJob, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{RecordRefusal, RecordTimeError};
use stint_domain::values::JobId;

use super::race;
use crate::Ledger;
use crate::given::{delete_job, delete_job_with_entries, entries_of, entry, exactly, put_job, record, rename};
use crate::suite::unless_refused;

/// Enough rounds that the guarded write comes first, last and in between, on several threads and in turns.
const ROUNDS: usize = 8;

/// An update, a put, a deletion and a deletion with entries of one version: one of them succeeds.
pub async fn of_racing_guarded_writes_of_a_job_one_passes(ledger: Ledger) {
    for round in 0..ROUNDS {
        let before = ledger.open_job().await;
        let (id, guard) = (before.id, exactly(before.version));
        let passed = race(round, 12, |place| {
            let (ledger, guard) = (ledger.clone(), guard.clone());
            async move { guarded_write(&ledger, id, guard, place + round / 2).await }
        })
        .await;
        let passed: Vec<usize> = (0..12).filter(|place| passed[*place]).collect();
        assert_eq!(passed.len(), 1, "passed: {passed:?}");
        let version = ledger.jobs.find(id).await.unwrap().map(|job| job.version);
        assert_eq!(version, ((passed[0] + round / 2) % 4 < 2).then(|| before.version.next()));
    }
}

/// Whether it succeeded. Any refusal but a failed precondition fails the clause.
async fn guarded_write(ledger: &Ledger, id: JobId, precondition: Precondition, kind: usize) -> bool {
    let jobs = &ledger.jobs;
    let deletion = match kind % 4 {
        0 => {
            let written = jobs.update(UpdateJob { precondition, ..rename(id, "by an update") }).await;
            return unless_refused!(written, ChangeJobError::NotFound(_) | ChangeJobError::Precondition(_)).is_some();
        }
        1 => {
            let written = jobs.put(PutJob { precondition, ..put_job(id) }).await;
            return unless_refused!(written, ChangeJobError::Precondition(_)).is_some();
        }
        2 => delete_job(id),
        _ => delete_job_with_entries(id),
    };
    let deleted = jobs.delete(DeleteJob { precondition, ..deletion }).await;
    unless_refused!(deleted, ChangeJobError::NotFound(_) | ChangeJobError::Precondition(_)).is_some()
}

/// Every entry changes the job's version. So a caller that saw no entry does not overwrite a job that has one.
pub async fn a_guarded_update_of_a_job_passes_only_before_any_entry(ledger: Ledger) {
    for round in 0..ROUNDS {
        let (before, guarded) = (ledger.open_job().await, round % 7);
        let renamed = race(round, 7, |place| {
            let (ledger, before) = (ledger.clone(), before.clone());
            async move {
                if place != guarded {
                    ledger.record(entry(before.id)).await;
                    return None;
                }
                let command = UpdateJob { precondition: exactly(before.version), ..rename(before.id, "Renamed") };
                unless_refused!(ledger.jobs.update(command).await, ChangeJobError::Precondition(_))
            }
        })
        .await
        .remove(guarded);
        let after = ledger.job(before.id).await;
        let writes = 6 + i64::from(renamed.is_some());
        assert_eq!((after.total_minutes.get(), after.version.get()), (6 * 30, before.version.get() + writes));
        if let Some(renamed) = renamed {
            assert_eq!((renamed.total_minutes.get(), renamed.version), (0, before.version.next()));
            assert_eq!(after.name, renamed.name, "no entry brings the old name back");
        }
    }
}

/// A caller that believes a job to be empty does not delete anybody's time with it.
pub async fn a_guarded_deletion_of_a_job_passes_only_before_any_entry(ledger: Ledger) {
    for round in 0..ROUNDS {
        let (before, guarded) = (ledger.open_job().await, round % 7);
        let passed = race(round, 7, |place| {
            let (ledger, before) = (ledger.clone(), before.clone());
            async move {
                if place == guarded {
                    let precondition = exactly(before.version);
                    let command = DeleteJob { precondition, ..delete_job_with_entries(before.id) };
                    return unless_refused!(ledger.jobs.delete(command).await, ChangeJobError::Precondition(_))
                        .is_some();
                }
                unless_refused!(
                    ledger.time_entries.record(record(entry(before.id))).await,
                    RecordTimeError::Refused(RecordRefusal::JobNotFound(_))
                )
                .is_some()
            }
        })
        .await;
        let accepted = (0..7).filter(|place| *place != guarded && passed[*place]).count();
        assert!(!passed[guarded] || accepted == 0, "{accepted} accepted entries went with their job");
        assert_eq!(ledger.all_entries(entries_of(before.id)).await.len(), accepted);
        assert_eq!(ledger.jobs.find(before.id).await.unwrap().is_some(), !passed[guarded]);
    }
    ledger.assert_totals_are_sums().await;
}
