//! A walk through pages sees each row that existed from its start exactly once.

use std::collections::HashSet;

use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, NewTimeEntry, TimeEntryChanges, UpdateTimeEntry};

use crate::Ledger;
use crate::given::{
    at, create_job, day, delete_entry, delete_job, entries_of, entry, list_jobs, rename, set_minutes, size,
    update_entry,
};

/// In pages of seven. While each page is read, and between any two, others insert before, at and after the place.
pub async fn a_walk_through_pages_of_entries_sees_each_once_while_others_insert(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    let mut expected = HashSet::new();
    for place in 0..40 {
        let new = NewTimeEntry { date_stamp: day(place % 5), ..entry(job) };
        expected.insert(ledger.record(new).await.id);
    }
    let mut query = ListTimeEntries { size: size(7), ..entries_of(job) };
    let (mut seen, mut order) = (HashSet::new(), Vec::new());
    loop {
        let inserts = tokio::spawn(insert_entries(ledger.clone(), job));
        let page = ledger.time_entries.list(query.clone()).await.unwrap();
        inserts.await.unwrap();
        for entry in page.items {
            assert!(seen.insert(entry.id), "the entry {} was seen twice", entry.id);
            order.push((entry.date_stamp, entry.id));
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(expected.difference(&seen).count(), 0, "every entry of the start was seen");
    assert!(order.is_sorted_by(|one, other| one > other), "the whole walk is in order");
}

/// Inserts a few entries, so that the walk ends: later dates stand before the place, the first date at the end of the
/// walk.
async fn insert_entries(ledger: Ledger, job: stint_domain::values::JobId) {
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
    let mut query = ListJobs { size: size(7), ..list_jobs() };
    let mut seen = HashSet::new();
    loop {
        let inserts = tokio::spawn({
            let ledger = ledger.clone();
            async move {
                for seconds in [0, 5, 99] {
                    ledger.create(CreateJob { at: at(seconds), ..create_job() }).await;
                }
            }
        });
        let page = ledger.jobs.list(query.clone()).await.unwrap();
        inserts.await.unwrap();
        for job in page.items {
            assert!(seen.insert(job.id), "the job {} was seen twice", job.id);
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
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
    let mut doomed = doomed.into_iter().map(|(_, entry)| entry.id);
    let mut query = ListTimeEntries { size: size(7), ..entries_of(job) };
    let mut seen = Vec::new();
    loop {
        let page = ledger.time_entries.list(query.clone()).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.id));
        for id in doomed.by_ref().take(3) {
            ledger.time_entries.delete(delete_entry(id)).await.unwrap();
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "none was seen twice");
    assert!(kept.iter().all(|(_, entry)| seen.contains(&entry.id)), "every entry that stayed was seen");
}

/// The same for jobs. The jobs that stay are changed in between, which does not move them.
pub async fn a_walk_through_jobs_sees_what_is_left_while_others_delete(ledger: Ledger) {
    for place in 0..40 {
        ledger.create(CreateJob { at: at(place / 4), ..create_job() }).await;
    }
    let all: Vec<_> = ledger.all_jobs(list_jobs()).await.iter().map(|job| job.id).collect();
    let (doomed, kept): (Vec<_>, Vec<_>) = all.into_iter().enumerate().partition(|(place, _)| place % 3 == 0);
    let (mut doomed, mut changed) = (doomed.into_iter(), kept.clone().into_iter().rev());
    let mut query = ListJobs { size: size(7), ..list_jobs() };
    let mut seen = Vec::new();
    loop {
        let page = ledger.jobs.list(query.clone()).await.unwrap();
        seen.extend(page.items.iter().map(|job| job.id));
        for (_, id) in doomed.by_ref().take(3) {
            ledger.jobs.delete(delete_job(id)).await.unwrap();
        }
        for (_, id) in changed.by_ref().take(3) {
            ledger.jobs.update(rename(id, "Renamed")).await.unwrap();
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "none was seen twice");
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
    let (mut moved, mut edited) = (moved.into_iter(), kept.clone().into_iter().rev());
    let mut query = ListTimeEntries { size: size(7), ..entries_of(job) };
    let mut seen = Vec::new();
    loop {
        let page = ledger.time_entries.list(query.clone()).await.unwrap();
        seen.extend(page.items.iter().map(|entry| entry.id));
        for (place, entry) in moved.by_ref().take(2) {
            let to = day(if place % 8 == 0 { 1 } else { 20 });
            let changes = TimeEntryChanges { date_stamp: Some(to), ..TimeEntryChanges::default() };
            ledger.time_entries.update(UpdateTimeEntry { changes, ..update_entry(entry.id) }).await.unwrap();
        }
        for (_, entry) in edited.by_ref().take(5) {
            ledger.time_entries.update(set_minutes(entry.id, 45)).await.unwrap();
        }
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    for (_, entry) in kept {
        assert_eq!(seen.iter().filter(|id| **id == entry.id).count(), 1, "the entry {} was seen once", entry.id);
    }
}
