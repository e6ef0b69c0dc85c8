//! Listing entries.

use std::cmp::Reverse;

use stint_domain::Page;
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, NewTimeEntry, TimeEntryCursor};
use stint_domain::values::{DateRange, JobId, TimeEntryId};
use uuid::Uuid;

use crate::Ledger;
use crate::given::{day, delete_entry, entries_of, entry, size, subject};

/// By date, then by id as bytes, both descending, in whatever order they were stored.
pub async fn entries_are_listed_latest_date_first_and_then_by_id(ledger: Ledger) {
    let ids = nine_entries(&ledger).await;
    assert_eq!(ids_of(&ledger.all_entries(ListTimeEntries::default()).await), ids);
}

/// The pages together are the listing, and no page is longer than asked for.
pub async fn pages_of_entries_join_without_gap_or_repeat(ledger: Ledger) {
    let whole = nine_entries(&ledger).await;
    for pages_of in [1, 2, 3, 4, 9, 10] {
        let query = ListTimeEntries { size: size(pages_of), ..ListTimeEntries::default() };
        assert!(ledger.time_entries.list(query.clone()).await.unwrap().items.len() <= query.size.get());
        assert_eq!(ids_of(&ledger.all_entries(query).await), whole, "pages of {pages_of}");
    }
}

/// A page has a `next` only when something follows.
pub async fn the_last_full_page_of_entries_has_no_next(ledger: Ledger) {
    let ids = nine_entries(&ledger).await;
    let query = ListTimeEntries { size: size(9), ..ListTimeEntries::default() };
    assert_eq!(ledger.time_entries.list(query.clone()).await.unwrap().next, None);
    let shorter = ledger.time_entries.list(ListTimeEntries { size: size(8), ..query }).await.unwrap();
    assert_eq!(shorter.next, Some(TimeEntryCursor { date_stamp: day(0), id: ids[7] }));
}

/// By job, by dates, by subject.
pub async fn each_filter_of_entries_holds_alone(ledger: Ledger) {
    let (one, two) = (ledger.open_job().await.id, ledger.open_job().await.id);
    for (job, days, who) in [(one, 0, "ada"), (one, 1, "Ada"), (two, 2, "ada"), (two, 3, "bob")] {
        ledger.record(NewTimeEntry { date_stamp: day(days), created_by: subject(who), ..entry(job) }).await;
    }
    let days = async |query| {
        let entries = ledger.all_entries(query).await;
        entries.iter().map(|entry| entry.date_stamp).collect::<Vec<_>>()
    };
    assert_eq!(days(entries_of(one)).await, [day(1), day(0)]);
    assert_eq!(days(entries_of(two)).await, [day(3), day(2)]);
    let by = |who| ListTimeEntries { created_by: Some(subject(who)), ..ListTimeEntries::default() };
    assert_eq!(days(by("ada")).await, [day(2), day(0)]);
    assert_eq!(days(by("Ada")).await, [day(1)]);
    let dates = |from, to| ListTimeEntries { dates: DateRange::new(from, to).unwrap(), ..ListTimeEntries::default() };
    assert_eq!(days(dates(Some(day(2)), None)).await, [day(3), day(2)]);
    assert_eq!(days(dates(None, Some(day(1)))).await, [day(1), day(0)]);
}

/// Only entries that match all of them, on every page.
pub async fn all_filters_of_entries_hold_together_and_across_pages(ledger: Ledger) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
    let (who, dates) = (subject("ada"), DateRange::new(Some(day(2)), Some(day(6))).unwrap());
    let mut of_job = Vec::new();
    for days in 0..9 {
        for job in jobs {
            for by in ["ada", "bob"] {
                let new = NewTimeEntry { date_stamp: day(days), created_by: subject(by), ..entry(job) };
                let stored = ledger.record(new).await;
                if job == jobs[0] && dates.contains(stored.date_stamp) {
                    of_job.push(stored);
                }
            }
        }
    }
    of_job.sort_by_key(|entry| Reverse((entry.date_stamp, entry.id)));
    let by_who: Vec<_> = of_job.iter().filter(|entry| entry.created_by == who).cloned().collect();
    assert_eq!((of_job.len(), by_who.len()), (10, 5));
    for (created_by, expected) in [(None, of_job), (Some(who), by_who)] {
        for pages_of in [1, 2, 5, 200] {
            let query =
                ListTimeEntries { dates, created_by: created_by.clone(), size: size(pages_of), ..entries_of(jobs[0]) };
            assert_eq!(ledger.all_entries(query).await, expected, "pages of {pages_of}");
        }
    }
}

/// `from` and `to` are inclusive.
pub async fn both_ends_of_a_date_range_are_listed(ledger: Ledger) {
    let job = ledger.open_job().await.id;
    for days in 0..5 {
        ledger.record(NewTimeEntry { date_stamp: day(days), ..entry(job) }).await;
    }
    let dates = DateRange::new(Some(day(1)), Some(day(3))).unwrap();
    let entries = ledger.all_entries(ListTimeEntries { dates, ..entries_of(job) }).await;
    let listed: Vec<_> = entries.iter().map(|entry| entry.date_stamp).collect();
    assert_eq!(listed, [day(3), day(2), day(1)]);
}

/// A cursor is a place, not a row.
pub async fn a_cursor_whose_entry_was_deleted_still_works(ledger: Ledger) {
    nine_entries(&ledger).await;
    let query = ListTimeEntries { size: size(4), ..ListTimeEntries::default() };
    let first = ledger.time_entries.list(query.clone()).await.unwrap();
    let rest = ledger.all_entries(ListTimeEntries { after: first.next, ..query.clone() }).await;
    ledger.time_entries.delete(delete_entry(first.next.unwrap().id)).await.unwrap();
    assert_eq!(ledger.all_entries(ListTimeEntries { after: first.next, ..query }).await, rest);
    assert_eq!(rest.len(), 5);
}

/// The answer is an empty page, not an error, also for a job that does not exist.
pub async fn a_job_without_entries_lists_none(ledger: Ledger) {
    let (used, empty) = (ledger.open_job().await.id, ledger.open_job().await.id);
    ledger.record(entry(used)).await;
    for job in [empty, crate::given::job_id()] {
        let page = ledger.time_entries.list(entries_of(job)).await.unwrap();
        assert_eq!(page, Page { items: vec![], next: None });
    }
}

/// Nine entries on three dates, with ids in the order of the listing, stored in another order and for two jobs.
async fn nine_entries(ledger: &Ledger) -> Vec<TimeEntryId> {
    let jobs: [JobId; 2] = [ledger.open_job().await.id, ledger.open_job().await.id];
    // Ids on both sides of the sign bit of their first byte, so that an order other than that of the bytes shows.
    let ids: [u128; 9] = [3, 0x80 << 120, 1, u128::MAX, 0x7f << 120, 2, (0x80 << 120) + 1, 5, 4];
    let days = [2, 2, 2, 1, 1, 1, 0, 0, 0];
    let mut listed: Vec<(u64, TimeEntryId)> =
        days.into_iter().zip(ids.map(|id| TimeEntryId::new(Uuid::from_u128(id)))).collect();
    for (place, (days, id)) in [4, 0, 8, 2, 6, 1, 7, 3, 5].map(|place: usize| (place, listed[place])) {
        ledger.record(NewTimeEntry { id, date_stamp: day(days), ..entry(jobs[place % 2]) }).await;
    }
    listed.sort_by(|one, other| other.cmp(one));
    listed.into_iter().map(|(_, id)| id).collect()
}

fn ids_of(entries: &[TimeEntry]) -> Vec<TimeEntryId> {
    entries.iter().map(|entry| entry.id).collect()
}
