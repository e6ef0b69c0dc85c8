//! Creating or replacing an entry under the caller's id.

use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, ListTimeEntries, NewTimeEntry, PutTimeEntry};
use stint_domain::ledger::{Job, Precondition, TimeEntry};

use crate::Ledger;
use crate::given::{at, day, entry, exactly, job_id, minutes, put_entry, stale, subject, summary};

/// An entry that does not exist is created, as by recording it.
pub async fn putting_an_absent_entry_creates_and_counts_it(ledger: Ledger) {
    let job = ledger.open_job().await;
    let new = entry(job.id);
    let put = ledger.time_entries.put(put_entry(new.clone())).await.unwrap();
    let expected = new.stored(at(2));
    assert_eq!(put, Put::Created(expected.clone()));
    assert_eq!(ledger.entry(expected.id).await, Some(expected));
    let counted = ledger.job(job.id).await;
    assert_eq!((counted.total_minutes.get(), counted.version, counted.updated_at), (30, job.version.next(), at(2)));
}

/// `created_by` and `created_at` never change. The total changes by the difference.
pub async fn putting_a_present_entry_replaces_all_but_its_creation(ledger: Ledger) {
    let job = ledger.open_job().await;
    let before = ledger.record(entry(job.id)).await;
    let wanted = NewTimeEntry {
        id: before.id,
        related_job: job.id,
        minutes_worked: minutes(50),
        date_stamp: day(9),
        work_summary: summary("wrote it up"),
        created_by: subject("eve"),
    };
    let put = ledger.time_entries.put(PutTimeEntry { at: at(9), ..put_entry(wanted.clone()) }).await.unwrap();
    let expected = TimeEntry {
        version: before.version.next(),
        updated_at: at(9),
        created_by: subject("ada"),
        created_at: at(1),
        ..wanted.stored(at(9))
    };
    assert_eq!(put, Put::Replaced(expected.clone()));
    assert_eq!(ledger.entry(before.id).await, Some(expected));
    let counted = ledger.job(job.id).await;
    assert_eq!((counted.total_minutes.get(), counted.version), (50, job.version.next().next()));
}

/// Both totals change.
pub async fn a_put_that_names_another_job_moves_the_entry(ledger: Ledger) {
    let (from, to) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let stored = ledger.record(entry(from)).await;
    let wanted = NewTimeEntry { id: stored.id, minutes_worked: minutes(40), ..entry(to) };
    ledger.time_entries.put(put_entry(wanted)).await.unwrap();
    assert_eq!((ledger.total(from).await, ledger.total(to).await), (0, 40));
    ledger.assert_totals_are_sums().await;
}

/// A repeat after a lost answer.
pub async fn putting_an_entry_twice_counts_once(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let command = put_entry(entry(job));
    ledger.time_entries.put(command.clone()).await.unwrap();
    let again = ledger.time_entries.put(command).await.unwrap();
    assert!(matches!(again, Put::Replaced(_)), "{again:?}");
    assert_eq!(ledger.total(job).await, 30);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), 1);
}

/// Create only, replace only, and the version: a put whose precondition fails changes nothing.
pub async fn a_put_of_an_entry_keeps_its_precondition(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    let guarded = |precondition| PutTimeEntry { precondition, ..put_entry(new.clone()) };
    for precondition in [Precondition::Exists, stale()] {
        let refused = ledger.time_entries.put(guarded(precondition)).await;
        assert!(
            matches!(refused, Err(ChangeTimeEntryError::Precondition(ref failed)) if failed.current.is_none()),
            "{refused:?}"
        );
        assert_eq!((ledger.entry(new.id).await, ledger.total(job).await), (None, 0));
    }
    ledger.time_entries.put(guarded(Precondition::Absent)).await.unwrap();
    let stored = ledger.entry(new.id).await.unwrap();
    for precondition in [Precondition::Absent, stale()] {
        let refused = ledger.time_entries.put(guarded(precondition)).await;
        assert!(
            matches!(refused, Err(ChangeTimeEntryError::Precondition(ref failed)) if failed.current == Some(stored.version)),
            "{refused:?}"
        );
        assert_eq!(ledger.entry(new.id).await.as_ref(), Some(&stored));
    }
    for precondition in [exactly(stored.version), Precondition::Exists] {
        let put = ledger.time_entries.put(guarded(precondition)).await;
        assert!(matches!(put, Ok(Put::Replaced(_))), "{put:?}");
    }
}

/// Neither a new entry nor a move.
pub async fn a_put_for_an_unknown_job_leaves_no_trace(ledger: Ledger) {
    let (job, unknown) = (ledger.open_job().await.id, job_id());
    let stored = ledger.record(entry(job)).await;
    let before = ledger.job(job).await;
    let new = entry(unknown);
    for wanted in [new.clone(), NewTimeEntry { id: stored.id, ..new.clone() }] {
        let refused = ledger.time_entries.put(put_entry(wanted)).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobNotFound(id)) if id == unknown), "{refused:?}");
    }
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, [stored]);
    assert_eq!(ledger.job(job).await, before);
}

/// Neither a new entry, nor an edit, nor a move in or out.
pub async fn a_put_from_or_to_an_archived_job_leaves_no_trace(ledger: Ledger) {
    let (open, archived) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let (free, kept) = (ledger.record(entry(open)).await, ledger.record(entry(archived)).await);
    ledger.archive(archived).await;
    let before = (ledger.job(open).await, ledger.job(archived).await);
    let changed = |id, job| NewTimeEntry { id, minutes_worked: minutes(77), ..entry(job) };
    for wanted in [entry(archived), changed(kept.id, archived), changed(kept.id, open), changed(free.id, archived)] {
        let refused = ledger.time_entries.put(put_entry(wanted)).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == archived), "{refused:?}");
    }
    assert_eq!((ledger.job(open).await, ledger.job(archived).await), before);
    assert_eq!(ledger.entry(free.id).await.as_ref(), Some(&free));
    assert_eq!(ledger.entry(kept.id).await.as_ref(), Some(&kept));
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), 2);
}

/// The first refusal in the order of the variants.
pub async fn a_put_is_refused_in_the_order_precondition_unknown_archived(ledger: Ledger) {
    let (archived, unknown) = (ledger.open_job().await.id, job_id());
    let kept = ledger.record(entry(archived)).await;
    ledger.archive(archived).await;
    let wanted = NewTimeEntry { id: kept.id, ..entry(unknown) };
    let refused = ledger.time_entries.put(PutTimeEntry { precondition: stale(), ..put_entry(wanted.clone()) }).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::Precondition(_))), "{refused:?}");
    let refused = ledger.time_entries.put(put_entry(wanted)).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::JobNotFound(id)) if id == unknown), "{refused:?}");
}

/// The entry and its job both change.
pub async fn a_put_of_an_equal_entry_is_a_change(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    let stored = ledger.record(new.clone()).await;
    let before = ledger.job(job).await;
    let put = ledger.time_entries.put(PutTimeEntry { at: at(9), ..put_entry(new) }).await.unwrap();
    assert_eq!(put, Put::Replaced(TimeEntry { version: stored.version.next(), updated_at: at(9), ..stored }));
    assert_eq!(ledger.job(job).await, Job { version: before.version.next(), updated_at: at(9), ..before });
}

/// Neither the entry's nor its job's `updated_at` goes back.
pub async fn a_put_of_an_entry_that_waited_sets_no_moment_back(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let new = entry(job);
    ledger.time_entries.put(PutTimeEntry { at: at(9), ..put_entry(new.clone()) }).await.unwrap();
    let late = NewTimeEntry { minutes_worked: minutes(40), ..new };
    let put = ledger.time_entries.put(PutTimeEntry { at: at(3), ..put_entry(late) }).await.unwrap();
    assert!(matches!(&put, Put::Replaced(entry) if entry.updated_at == at(9)), "{put:?}");
    let job = ledger.job(job).await;
    assert_eq!((job.total_minutes.get(), job.updated_at), (40, at(9)));
}

/// As for a move.
pub async fn of_two_archived_jobs_a_put_names_the_entrys_own(ledger: Ledger) {
    for reverse in [false, true] {
        let mut jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
        if reverse {
            jobs.reverse();
        }
        let [own, other] = jobs;
        let stored = ledger.record(entry(own)).await;
        ledger.archive(own).await;
        ledger.archive(other).await;
        let wanted = NewTimeEntry { id: stored.id, ..entry(other) };
        let refused = ledger.time_entries.put(put_entry(wanted)).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == own), "{refused:?}");
    }
}
