//! A walk through pages sees each row that existed from its start exactly once.

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::HashSet;

use stint_domain::Page;
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::ledger::ports::time_entry::{
    ListTimeEntries, NewTimeEntry, TimeEntryChanges, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::values::JobId;

use crate::Ledger;
use crate::given::{
    at, create_job, day, delete_entry, delete_job, entries_of, entry, rename, set_minutes, size, update_entry,
};
use crate::suite::{each_once, walk};

/// In pages of seven. While each page is read, and between any two, others insert before, at and after the place.
pub async fn a_walk_through_pages_of_entries_sees_each_once_while_others_insert(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let mut expected = HashSet::new();
    for place in 0..40 {
        let new = NewTimeEntry { date_stamp: day(place % 5), ..entry(job) };
        expected.insert(ledger.record(new).await.id);
    }
    let walked = walk(async |after| {
        let inserts = tokio::spawn(insert_entries(ledger.clone(), job));
        let page = sevens_of(&ledger, job, after).await;
        inserts.await.unwrap();
        page
    })
    .await;
    let seen = each_once(walked.iter().map(|entry| entry.id));
    assert_eq!(expected.difference(&seen).count(), 0, "every entry of the start was seen");
    assert!(walked.is_sorted_by_key(|entry| Reverse((entry.date_stamp, entry.id))), "the whole walk is in order");
}

/// The next few of these.
fn next<T>(of: &RefCell<impl Iterator<Item = T>>, most: usize) -> Vec<T> {
    of.borrow_mut().by_ref().take(most).collect()
}

/// A page of seven of the job's entries.
async fn sevens_of(ledger: &Ledger, job: JobId, after: Option<TimeEntryCursor>) -> Page<TimeEntry, TimeEntryCursor> {
    ledger.time_entries.list(ListTimeEntries { size: size(7), after, ..entries_of(job) }).await.unwrap()
}

/// Inserts a few entries, so that the walk ends: later dates stand before the place, the first date at the end of the
/// walk.
async fn insert_entries(ledger: Ledger, job: JobId) {
    for days in [0, 2, 4, 9] {
        ledger.record(NewTimeEntry { date_stamp: day(days), ..entry(job) }).await;
    }
}

/// The same for jobs. New jobs are inserted, and jobs as if by a slow clock.
pub async fn a_walk_through_pages_of_jobs_sees_each_once_while_others_insert(ledger: Ledger) {
    let mut expected = HashSet::new();
    for place in 0..40 {
        expected.insert(ledger.create(CreateJob { at: at(place / 4), ..create_job() }).await.id);
    }
    let walked = walk(async |after| {
        let inserts = tokio::spawn({
            let ledger = ledger.clone();
            async move {
                for seconds in [0, 5, 99] {
                    ledger.create(CreateJob { at: at(seconds), ..create_job() }).await;
                }
            }
        });
        let page = ledger.jobs.list(ListJobs { size: size(7), after, ..ListJobs::default() }).await.unwrap();
        inserts.await.unwrap();
        page
    })
    .await;
    let seen = each_once(walked.iter().map(|job| job.id));
    assert_eq!(expected.difference(&seen).count(), 0, "every job of the start was seen");
}

/// Whatever is deleted in between, before or after the place, nothing else appears twice or is left out.
pub async fn a_walk_sees_what_is_left_while_others_delete(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for place in 0..40 {
        ledger.record(NewTimeEntry { date_stamp: day(place % 5), ..entry(job) }).await;
    }
    let all = ledger.all_entries(entries_of(job)).await;
    let (doomed, kept): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(place, _)| place % 3 == 0);
    let doomed = RefCell::new(doomed.into_iter().map(|(_, entry)| entry.id));
    let walked = walk(async |after| {
        let page = sevens_of(&ledger, job, after).await;
        for id in next(&doomed, 3) {
            ledger.time_entries.delete(delete_entry(id)).await.unwrap();
        }
        page
    })
    .await;
    let seen = each_once(walked.iter().map(|entry| entry.id));
    assert!(kept.iter().all(|(_, entry)| seen.contains(&entry.id)), "every entry that stayed was seen");
}

/// The same for jobs. The jobs that stay are changed in between, which does not move them.
pub async fn a_walk_through_jobs_sees_what_is_left_while_others_delete(ledger: Ledger) {
    for place in 0..40 {
        ledger.create(CreateJob { at: at(place / 4), ..create_job() }).await;
    }
    let all: Vec<_> = ledger.all_jobs(ListJobs::default()).await.iter().map(|job| job.id).collect();
    let (doomed, kept): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(place, _)| place % 3 == 0);
    let (doomed, changed) = (RefCell::new(doomed.into_iter()), RefCell::new(kept.clone().into_iter().rev()));
    let walked = walk(async |after| {
        let page = ledger.jobs.list(ListJobs { size: size(7), after, ..ListJobs::default() }).await.unwrap();
        for (_, id) in next(&doomed, 3) {
            ledger.jobs.delete(delete_job(id)).await.unwrap();
        }
        for (_, id) in next(&changed, 3) {
            ledger.jobs.update(rename(id, "Renamed")).await.unwrap();
        }
        page
    })
    .await;
    let seen = each_once(walked.iter().map(|job| job.id));
    assert!(kept.iter().all(|(_, id)| seen.contains(id)), "every job that stayed was seen");
}

/// Other minutes do not move an entry. An entry that gets another date may be seen once, twice or not at all.
pub async fn a_walk_sees_what_kept_its_date_once_while_others_edit(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for place in 0..40 {
        ledger.record(NewTimeEntry { date_stamp: day(10 + place % 5), ..entry(job) }).await;
    }
    let all = ledger.all_entries(entries_of(job)).await;
    let (moved, kept): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(place, _)| place % 4 == 0);
    let (moved, edited) = (RefCell::new(moved.into_iter()), RefCell::new(kept.clone().into_iter().rev()));
    let walked = walk(async |after| {
        let page = sevens_of(&ledger, job, after).await;
        for (place, entry) in next(&moved, 2) {
            let to = day(if place % 8 == 0 { 1 } else { 20 });
            let changes = TimeEntryChanges { date_stamp: Some(to), ..TimeEntryChanges::default() };
            ledger.time_entries.update(UpdateTimeEntry { changes, ..update_entry(entry.id) }).await.unwrap();
        }
        for (_, entry) in next(&edited, 5) {
            ledger.time_entries.update(set_minutes(entry.id, 45)).await.unwrap();
        }
        page
    })
    .await;
    for (_, entry) in kept {
        let seen = walked.iter().filter(|seen| seen.id == entry.id).count();
        assert_eq!(seen, 1, "the entry {} was seen once", entry.id);
    }
}
