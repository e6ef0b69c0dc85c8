//! Changing some fields of an entry, including its job.

use stint_domain::ledger::ports::time_entry::{ChangeTimeEntryError, TimeEntryChanges, UpdateTimeEntry};
use stint_domain::ledger::{Job, Precondition, TimeEntry};

use crate::Ledger;
use crate::given::{
    at, day, delete_entry, entry, entry_id, exactly, job_id, minutes, move_to, rename, set_minutes, stale, summary,
    update_entry,
};

/// Other fields stay, and `created_by` and `created_at` always do. The version is the next one.
pub async fn each_field_of_an_entry_changes_alone(ledger: Ledger) {
    let (job, other) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let none = TimeEntryChanges::default;
    let mut expected = ledger.record(entry(job)).await;
    let steps = [
        TimeEntryChanges { minutes_worked: Some(minutes(31)), ..none() },
        TimeEntryChanges { date_stamp: Some(day(8)), ..none() },
        TimeEntryChanges { work_summary: Some(summary("")), ..none() },
        TimeEntryChanges { related_job: Some(other), ..none() },
    ];
    for (seconds, changes) in (10..).zip(steps) {
        match seconds {
            10 => expected.minutes_worked = minutes(31),
            11 => expected.date_stamp = day(8),
            12 => expected.work_summary = summary(""),
            _ => expected.related_job = other,
        }
        expected.version = expected.version.next();
        expected.updated_at = at(seconds);
        let command = UpdateTimeEntry { changes, at: at(seconds), ..update_entry(expected.id) };
        assert_eq!(ledger.time_entries.update(command).await.unwrap(), expected);
        assert_eq!(ledger.entry(expected.id).await.as_ref(), Some(&expected));
    }
}

/// Up and down. Other entries are still counted.
pub async fn an_edit_of_the_minutes_changes_the_total_by_the_difference(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    ledger.record(entry(job)).await;
    let edited = ledger.record(entry(job)).await.id;
    for (count, total) in [(50, 80), (5, 35), (1440, 1470)] {
        let before = ledger.job(job).await;
        ledger.time_entries.update(set_minutes(edited, count)).await.unwrap();
        let after = ledger.job(job).await;
        assert_eq!((after.total_minutes.get(), after.updated_at), (total, at(2)));
        assert_eq!(after.version, before.version.next());
    }
}

/// The minutes leave one total and enter the other, and both jobs get their next version.
pub async fn a_move_changes_both_totals(ledger: Ledger) {
    let (from, to) = (ledger.open_job().await.id, ledger.open_job().await.id);
    ledger.record(entry(from)).await;
    let moved = ledger.record(entry(from)).await.id;
    let (before_from, before_to) = (ledger.job(from).await, ledger.job(to).await);
    let answer = ledger.time_entries.update(UpdateTimeEntry { at: at(6), ..move_to(moved, to) }).await.unwrap();
    assert_eq!(answer.related_job, to);
    let total = |minutes| stint_domain::ledger::TotalMinutes::new(minutes).unwrap();
    let after =
        |job: Job, sum| Job { total_minutes: total(sum), version: job.version.next(), updated_at: at(6), ..job };
    assert_eq!(ledger.job(from).await, after(before_from, 30));
    assert_eq!(ledger.job(to).await, after(before_to, 30));
    ledger.assert_totals_are_sums().await;
}

/// The old minutes leave, the new ones enter.
pub async fn a_move_with_other_minutes_counts_the_new_ones(ledger: Ledger) {
    let (from, to) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let moved = ledger.record(entry(from)).await.id;
    let changes =
        TimeEntryChanges { related_job: Some(to), minutes_worked: Some(minutes(100)), ..TimeEntryChanges::default() };
    ledger.time_entries.update(UpdateTimeEntry { changes, ..update_entry(moved) }).await.unwrap();
    assert_eq!((ledger.total(from).await, ledger.total(to).await), (0, 100));
}

/// Naming the job that an entry already has is no move.
pub async fn a_move_to_its_own_job_changes_no_total(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await.id;
    ledger.time_entries.update(move_to(stored, job)).await.unwrap();
    assert_eq!(ledger.total(job).await, 30);
    ledger.assert_totals_are_sums().await;
}

/// So a reader that reads a job's entries again only when the job's version changed misses nothing.
pub async fn an_edit_that_keeps_the_minutes_is_a_change_of_the_job_too(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await.id;
    let before = ledger.job(job).await;
    let changes = TimeEntryChanges { work_summary: Some(summary("wrote it up")), ..TimeEntryChanges::default() };
    ledger.time_entries.update(UpdateTimeEntry { changes, at: at(6), ..update_entry(stored) }).await.unwrap();
    assert_eq!(ledger.job(job).await, Job { version: before.version.next(), updated_at: at(6), ..before });
}

/// Neither the entry's nor its job's `updated_at` goes back, and no other write sets the job's back.
pub async fn an_edit_that_waited_sets_no_moment_back(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await.id;
    ledger.time_entries.update(UpdateTimeEntry { at: at(9), ..set_minutes(stored, 40) }).await.unwrap();
    let edited = ledger.time_entries.update(set_minutes(stored, 50)).await.unwrap();
    assert_eq!((edited.minutes_worked.get(), edited.updated_at), (50, at(9)));
    assert_eq!(ledger.entry(stored).await.as_ref(), Some(&edited));
    let other = ledger.record(entry(job)).await;
    assert_eq!((other.created_at, ledger.job(job).await.updated_at), (at(1), at(9)));
    let renamed = ledger.jobs.update(rename(job, "Review")).await.unwrap();
    assert_eq!((renamed.updated_at, ledger.job(job).await.updated_at), (at(9), at(9)));
    ledger.time_entries.delete(delete_entry(other.id)).await.unwrap();
    assert_eq!((ledger.total(job).await, ledger.job(job).await.updated_at), (50, at(9)));
}

/// Neither the entry's nor its job's.
pub async fn an_update_of_an_entry_without_changes_leaves_all_versions(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await;
    let before = ledger.job(job).await;
    let answer = ledger.time_entries.update(UpdateTimeEntry { at: at(9), ..update_entry(stored.id) }).await.unwrap();
    assert_eq!(answer, stored);
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
    assert_eq!(ledger.job(job).await, before);
}

/// A named field counts as changed, whatever its value was. So does the job, also when the entry's own job is named.
pub async fn an_edit_to_the_value_that_is_there_is_a_change(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let mut expected = ledger.record(entry(job)).await;
    for (seconds, command) in (7..).zip([set_minutes(expected.id, 30), move_to(expected.id, job)]) {
        let before = ledger.job(job).await;
        expected = TimeEntry { version: expected.version.next(), updated_at: at(seconds), ..expected };
        let answer = ledger.time_entries.update(UpdateTimeEntry { at: at(seconds), ..command }).await.unwrap();
        assert_eq!(answer, expected);
        let after = Job { version: before.version.next(), updated_at: at(seconds), ..before };
        assert_eq!(ledger.job(job).await, after);
    }
}

/// For its precondition, and for an archived job.
pub async fn an_update_without_changes_is_refused_like_any_other(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let stored = ledger.record(entry(job)).await;
    let guarded = UpdateTimeEntry { precondition: stale(), ..update_entry(stored.id) };
    let refused = ledger.time_entries.update(guarded).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::Precondition(_))), "{refused:?}");
    ledger.archive(job).await;
    let refused = ledger.time_entries.update(update_entry(stored.id)).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == job), "{refused:?}");
}

/// The first refusal in the order of the variants.
pub async fn an_update_of_an_unknown_entry_is_refused_before_its_precondition(ledger: Ledger) {
    let unknown = entry_id();
    for precondition in [Precondition::None, Precondition::Exists, stale()] {
        let command = UpdateTimeEntry { precondition, ..move_to(unknown, job_id()) };
        let refused = ledger.time_entries.update(command).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::NotFound(id)) if id == unknown), "{refused:?}");
    }
}

/// The current version matches, an earlier one does not. The precondition is checked before the job.
pub async fn an_update_of_an_entry_with_a_stale_version_changes_nothing(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let first = ledger.record(entry(job)).await;
    let guarded = |command| UpdateTimeEntry { precondition: exactly(first.version), ..command };
    let second = ledger.time_entries.update(guarded(set_minutes(first.id, 40))).await.unwrap();
    for late in [set_minutes(first.id, 50), move_to(first.id, job_id())] {
        let refused = ledger.time_entries.update(guarded(late)).await;
        let current = Some(second.version);
        assert!(
            matches!(refused, Err(ChangeTimeEntryError::Precondition(ref failed)) if failed.current == current),
            "{refused:?}"
        );
    }
    assert_eq!(ledger.entry(first.id).await, Some(second));
    assert_eq!(ledger.total(job).await, 40);
}

/// No field can be changed, and the entry cannot be moved out of the job.
pub async fn an_entry_of_an_archived_job_takes_no_edit_and_no_move(ledger: Ledger) {
    let (archived, open) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let stored = ledger.record(entry(archived)).await;
    ledger.archive(archived).await;
    let before = (ledger.job(archived).await, ledger.job(open).await);
    let words = TimeEntryChanges { work_summary: Some(summary("late")), ..TimeEntryChanges::default() };
    let reword = UpdateTimeEntry { changes: words, ..update_entry(stored.id) };
    for command in [set_minutes(stored.id, 40), reword, move_to(stored.id, open)] {
        let refused = ledger.time_entries.update(command).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == archived), "{refused:?}");
    }
    assert_eq!((ledger.job(archived).await, ledger.job(open).await), before);
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
}

/// Neither job changes.
pub async fn an_archived_job_takes_no_entry_moved_in(ledger: Ledger) {
    let (open, archived) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let stored = ledger.record(entry(open)).await;
    ledger.archive(archived).await;
    let before = (ledger.job(archived).await, ledger.job(open).await);
    let refused = ledger.time_entries.update(move_to(stored.id, archived)).await;
    assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == archived), "{refused:?}");
    assert_eq!((ledger.job(archived).await, ledger.job(open).await), before);
    assert_eq!(ledger.entry(stored.id).await, Some(stored));
}

/// The entry's own job is named first.
pub async fn of_two_archived_jobs_the_entrys_own_is_named(ledger: Ledger) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
    for (own, other) in [(jobs[0], jobs[1]), (jobs[1], jobs[0])] {
        for id in jobs {
            ledger.jobs.update(crate::given::set_status(id, stint_domain::ledger::JobStatus::Open)).await.unwrap();
        }
        let stored = ledger.record(entry(own)).await;
        ledger.archive(own).await;
        ledger.archive(other).await;
        let refused = ledger.time_entries.update(move_to(stored.id, other)).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobArchived(id)) if id == own), "{refused:?}");
    }
}

/// The first refusal in the order of the variants.
pub async fn a_move_to_an_unknown_job_leaves_no_trace_and_is_refused_before_the_archived(ledger: Ledger) {
    let (job, unknown) = (ledger.open_job().await.id, job_id());
    let stored = ledger.record(entry(job)).await;
    for archive in [false, true] {
        if archive {
            ledger.archive(job).await;
        }
        let before = ledger.job(job).await;
        let refused = ledger.time_entries.update(move_to(stored.id, unknown)).await;
        assert!(matches!(refused, Err(ChangeTimeEntryError::JobNotFound(id)) if id == unknown), "{refused:?}");
        assert_eq!(ledger.job(job).await, before);
        assert_eq!(ledger.entry(stored.id).await.as_ref(), Some(&stored));
    }
}
