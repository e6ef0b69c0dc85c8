//! Of racing writes with the same precondition, one succeeds.

use stint_domain::ledger::ports::job::{ChangeJobError, CreateJob, CreateJobError, ListJobs, Put, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, DeleteTimeEntry, PutTimeEntry, UpdateTimeEntry};
use stint_domain::ledger::{Precondition, TimeEntry};

use super::together;
use crate::Ledger;
use crate::given::{create_job, delete_entry, entry, exactly, job_id, name, put_entry, put_job, rename, set_minutes};
use crate::suite::unless_refused;

/// Each reads, adds one, and writes if nobody else did: sixteen callers add sixteen.
pub async fn sixteen_guarded_increments_lose_no_update(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let id = ledger.record(entry(job)).await.id;
    ledger
        .together(16, |ledger, _| async move {
            loop {
                let TimeEntry { version, minutes_worked, .. } = ledger.entry(id).await.unwrap();
                let increment = set_minutes(id, i64::from(minutes_worked.get()) + 1);
                let guarded = UpdateTimeEntry { precondition: exactly(version), ..increment };
                let written = ledger.time_entries.update(guarded).await;
                if unless_refused!(written, ChangeTimeEntryError::Precondition(_)).is_some() {
                    return;
                }
            }
        })
        .await;
    assert_eq!(ledger.entry(id).await.unwrap().minutes_worked.get(), 30 + 16);
    assert_eq!(ledger.total(job).await, 30 + 16);
}

/// The job has that update's values, and the next version.
pub async fn of_racing_guarded_updates_of_a_job_one_passes(ledger: Ledger) {
    for _ in 0..5 {
        let before = ledger.open_job().await;
        let answers = together(8, |place| {
            let command = rename(before.id, &format!("by {place}"));
            let (ledger, command) = (ledger.clone(), UpdateJob { precondition: exactly(before.version), ..command });
            async move { unless_refused!(ledger.jobs.update(command).await, ChangeJobError::Precondition(_)) }
        })
        .await;
        let passed: Vec<_> = answers.into_iter().flatten().collect();
        let present = ledger.job(before.id).await;
        assert_eq!(present.version, before.version.next());
        assert_eq!(passed, [present]);
    }
}

/// An update, a put and a deletion of one version: one of them succeeds.
pub async fn of_racing_guarded_writes_of_an_entry_one_passes(ledger: Ledger) {
    for _ in 0..5 {
        let job = ledger.open_job().await.id;
        let before = ledger.record(entry(job)).await;
        let (id, precondition) = (before.id, exactly(before.version));
        let answers = together(9, |place| {
            let (ledger, precondition) = (ledger.clone(), precondition.clone());
            let wanted = stint_domain::ledger::ports::time_entry::NewTimeEntry { id, ..entry(job) };
            async move {
                let entries = &ledger.time_entries;
                let written = match place % 3 {
                    0 => entries.update(UpdateTimeEntry { precondition, ..set_minutes(id, 60) }).await.map(drop),
                    1 => {
                        let put = entries.put(PutTimeEntry { precondition, ..put_entry(wanted) }).await;
                        put.map(drop).inspect_err(|why| assert!(!matches!(why, ChangeTimeEntryError::NotFound(_))))
                    }
                    _ => entries.delete(DeleteTimeEntry { precondition, ..delete_entry(id) }).await,
                };
                unless_refused!(written, ChangeTimeEntryError::Precondition(_) | ChangeTimeEntryError::NotFound(_))
                    .is_some()
            }
        })
        .await;
        assert_eq!(answers.into_iter().filter(|passed| *passed).count(), 1);
    }
    ledger.assert_totals_are_sums().await;
}

/// `If-None-Match: *` for a job and for an entry.
pub async fn of_racing_create_only_puts_one_passes(ledger: Ledger) {
    let (job, new) = (job_id(), entry(ledger.open_job().await.id));
    let passed = together(16, |place| {
        let (ledger, new) = (ledger.clone(), new.clone());
        let precondition = Precondition::Absent;
        async move {
            if place % 2 == 0 {
                let put = ledger.jobs.put(PutJob { precondition, ..put_job(job) }).await;
                let put = unless_refused!(put, ChangeJobError::Precondition(failed) if failed.current.is_some());
                put.inspect(|put| assert!(matches!(put, Put::Created(_)), "{put:?}")).is_some()
            } else {
                let put = ledger.time_entries.put(PutTimeEntry { precondition, ..put_entry(new) }).await;
                let put = unless_refused!(put, ChangeTimeEntryError::Precondition(failed) if failed.current.is_some());
                put.inspect(|put| assert!(matches!(put, Put::Created(_)), "{put:?}")).is_some()
            }
        }
    })
    .await;
    let of = |kind: usize| passed.iter().skip(kind).step_by(2).filter(|passed| **passed).count();
    assert_eq!((of(0), of(1)), (1, 1));
    ledger.assert_totals_are_sums().await;
}

/// The others are told that the id is taken. Puts without a precondition create once.
pub async fn of_racing_creations_with_one_id_one_passes(ledger: Ledger) {
    let (created, put) = (job_id(), job_id());
    let passed = ledger
        .together(16, |ledger, place| async move {
            let name = name(&format!("by {place}"));
            if place % 2 == 0 {
                unless_refused!(
                    ledger.jobs.create(CreateJob { id: created, name, ..create_job() }).await,
                    CreateJobError::IdTaken(_)
                )
                .is_some()
            } else {
                matches!(ledger.jobs.put(PutJob { name, ..put_job(put) }).await.unwrap(), Put::Created(_))
            }
        })
        .await;
    let of = |kind: usize| passed.iter().skip(kind).step_by(2).filter(|passed| **passed).count();
    assert_eq!((of(0), of(1)), (1, 1));
    assert_eq!(ledger.all_jobs(ListJobs::default()).await.len(), 2);
}

/// The total loses the minutes once.
pub async fn of_racing_deletions_of_an_entry_one_passes(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    ledger.record(entry(job)).await;
    let doomed = ledger.record(entry(job)).await.id;
    let answers = ledger
        .together(10, |ledger, _| async move {
            unless_refused!(ledger.time_entries.delete(delete_entry(doomed)).await, ChangeTimeEntryError::NotFound(_))
                .is_some()
        })
        .await;
    assert_eq!(answers.into_iter().filter(|passed| *passed).count(), 1);
    assert_eq!(ledger.total(job).await, 30);
}
