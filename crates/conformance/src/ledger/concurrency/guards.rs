//! Of racing writes with the same precondition, one succeeds.

use stint_domain::ledger::ports::job::{ChangeJobError, CreateJob, CreateJobError, Put, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, DeleteTimeEntry, PutTimeEntry, UpdateTimeEntry};
use stint_domain::ledger::{Precondition, TimeEntry};

use super::together;
use crate::Ledger;
use crate::given::{
    create_job, delete_entry, entry, exactly, job_id, list_jobs, name, put_entry, put_job, rename, set_minutes,
};

/// Each reads, adds one, and writes if nobody else did: sixteen callers add sixteen.
pub async fn sixteen_guarded_increments_lose_no_update(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let id = ledger.record(entry(job)).await.id;
    together(16, |_| {
        let ledger = ledger.clone();
        async move {
            loop {
                let TimeEntry { version, minutes_worked, .. } = ledger.entry(id).await.unwrap();
                let increment = set_minutes(id, i64::from(minutes_worked.get()) + 1);
                let guarded = UpdateTimeEntry { precondition: exactly(version), ..increment };
                match ledger.time_entries.update(guarded).await {
                    Ok(_) => return,
                    Err(ChangeTimeEntryError::Precondition(_)) => {}
                    Err(other) => panic!("{other:?}"),
                }
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
            async move {
                match ledger.jobs.update(command).await {
                    Ok(job) => Some(job),
                    Err(ChangeJobError::Precondition(_)) => None,
                    Err(other) => panic!("{other:?}"),
                }
            }
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
                match place % 3 {
                    0 => match entries.update(UpdateTimeEntry { precondition, ..set_minutes(id, 60) }).await {
                        Ok(_) => true,
                        Err(ChangeTimeEntryError::Precondition(_) | ChangeTimeEntryError::NotFound(_)) => false,
                        Err(other) => panic!("{other:?}"),
                    },
                    1 => match entries.put(PutTimeEntry { precondition, ..put_entry(wanted) }).await {
                        Ok(_) => true,
                        Err(ChangeTimeEntryError::Precondition(_)) => false,
                        Err(other) => panic!("{other:?}"),
                    },
                    _ => match entries.delete(DeleteTimeEntry { precondition, ..delete_entry(id) }).await {
                        Ok(()) => true,
                        Err(ChangeTimeEntryError::Precondition(_) | ChangeTimeEntryError::NotFound(_)) => false,
                        Err(other) => panic!("{other:?}"),
                    },
                }
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
                match ledger.jobs.put(PutJob { precondition, ..put_job(job) }).await {
                    Ok(Put::Created(_)) => true,
                    Err(ChangeJobError::Precondition(failed)) if failed.current.is_some() => false,
                    other => panic!("{other:?}"),
                }
            } else {
                match ledger.time_entries.put(PutTimeEntry { precondition, ..put_entry(new) }).await {
                    Ok(Put::Created(_)) => true,
                    Err(ChangeTimeEntryError::Precondition(failed)) if failed.current.is_some() => false,
                    other => panic!("{other:?}"),
                }
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
    let passed = together(16, |place| {
        let ledger = ledger.clone();
        async move {
            let name = name(&format!("by {place}"));
            if place % 2 == 0 {
                match ledger.jobs.create(CreateJob { id: created, name, ..create_job() }).await {
                    Ok(_) => true,
                    Err(CreateJobError::IdTaken(_)) => false,
                    Err(other) => panic!("{other:?}"),
                }
            } else {
                matches!(ledger.jobs.put(PutJob { name, ..put_job(put) }).await.unwrap(), Put::Created(_))
            }
        }
    })
    .await;
    let of = |kind: usize| passed.iter().skip(kind).step_by(2).filter(|passed| **passed).count();
    assert_eq!((of(0), of(1)), (1, 1));
    assert_eq!(ledger.all_jobs(list_jobs()).await.len(), 2);
}

/// The total loses the minutes once.
pub async fn of_racing_deletions_of_an_entry_one_passes(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    ledger.record(entry(job)).await;
    let doomed = ledger.record(entry(job)).await.id;
    let answers = together(10, |_| {
        let ledger = ledger.clone();
        async move {
            match ledger.time_entries.delete(delete_entry(doomed)).await {
                Ok(()) => true,
                Err(ChangeTimeEntryError::NotFound(_)) => false,
                Err(other) => panic!("{other:?}"),
            }
        }
    })
    .await;
    assert_eq!(answers.into_iter().filter(|passed| *passed).count(), 1);
    assert_eq!(ledger.total(job).await, 30);
}
