//! Pages of entries.

use diesel::dsl::{AsSelect, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, TimeEntryCursor};
use stint_domain::{BackendError, Page};

use crate::sqlite::error::classify;
use crate::sqlite::keyset::before;
use crate::sqlite::ledger::rows::TimeEntryRow;
use crate::sqlite::schema::time_entries;

pub(in crate::sqlite) fn page(
    connection: &mut SqliteConnection,
    query: &ListTimeEntries,
) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
    let rows: Vec<TimeEntryRow> = listing(query).load(connection).map_err(classify)?;
    let entries: Vec<TimeEntry> = rows.into_iter().map(TimeEntry::try_from).collect::<Result<_, _>>()?;
    Ok(Page::of(entries, query.size, |entry| entry.into()))
}

type Listing<'a> = IntoBoxed<'a, Select<time_entries::table, AsSelect<TimeEntryRow, Sqlite>>, Sqlite>;

fn listing(query: &ListTimeEntries) -> Listing<'_> {
    let mut listing = time_entries::table
        .select(TimeEntryRow::as_select())
        .order((time_entries::date_stamp.desc(), time_entries::id.desc()))
        .limit(query.size.with_lookahead())
        .into_boxed();
    if let Some(job) = query.related_job {
        listing = listing.filter(time_entries::related_job.eq(job.as_uuid().into_bytes()));
    }
    if let Some(from) = query.dates.from() {
        listing = listing.filter(time_entries::date_stamp.ge(from.to_string()));
    }
    // SQLite starts at a single upper bound, which has to be the nearer one: the cursor, if there is one.
    let start = query.after.map(|cursor| cursor.date_stamp);
    if let Some(to) = query.dates.to().filter(|to| start.is_none_or(|start| start > *to)) {
        listing = listing.filter(time_entries::date_stamp.le(to.to_string()));
    }
    if let Some(subject) = &query.created_by {
        listing = listing.filter(time_entries::created_by.eq(subject.as_str()));
    }
    if let Some(TimeEntryCursor { date_stamp, id }) = query.after {
        let place = (date_stamp.to_string(), id.as_uuid().into_bytes());
        listing = listing.filter(before((time_entries::date_stamp, time_entries::id), place));
    }
    listing
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{DateRange, JobId, Subject, TimeEntryId};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    /// The plans of the first page and of a later one.
    fn plans(query: &ListTimeEntries) -> [Vec<String>; 2] {
        let cursor = TimeEntryCursor { date_stamp: "2026-01-02".parse().unwrap(), id: TimeEntryId::new(Uuid::nil()) };
        let next = ListTimeEntries { after: Some(cursor), ..query.clone() };
        [query_plan(&listing(query)), query_plan(&listing(&next))]
    }

    #[test]
    fn a_page_of_all_entries_starts_at_its_place_in_the_index() {
        let [first, next] = plans(&ListTimeEntries::default());
        assert_eq!(first, ["SCAN time_entries USING INDEX time_entries_latest_first"]);
        assert_eq!(next, ["SEARCH time_entries USING INDEX time_entries_latest_first ((date_stamp,id)<(?,?))"]);
    }

    #[test]
    fn a_page_of_a_job_starts_at_its_place_in_the_index() {
        let [first, next] =
            plans(&ListTimeEntries { related_job: Some(JobId::new(Uuid::nil())), ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING INDEX time_entries_of_job_latest_first";
        assert_eq!(first, [format!("{index} (related_job=?)")]);
        assert_eq!(next, [format!("{index} (related_job=? AND (date_stamp,id)<(?,?))")]);
    }

    #[test]
    fn a_range_of_dates_is_read_from_the_index_without_sorting() {
        let dates = DateRange::new("2026-01-01".parse().ok(), "2026-01-31".parse().ok()).unwrap();
        let [first, next] = plans(&ListTimeEntries { dates, ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING INDEX time_entries_latest_first";
        assert_eq!(first, [format!("{index} (date_stamp>? AND date_stamp<?)")]);
        assert_eq!(next, [format!("{index} (date_stamp>? AND (date_stamp,id)<(?,?))")]);
    }

    #[test]
    fn the_last_date_holds_whatever_the_place() {
        let dates = DateRange::new(None, "2026-01-01".parse().ok()).unwrap();
        let [_, next] = plans(&ListTimeEntries { dates, ..ListTimeEntries::default() });
        assert_eq!(next, ["SEARCH time_entries USING INDEX time_entries_latest_first (date_stamp<?)"]);
    }

    #[test]
    fn a_page_of_a_subject_starts_at_its_place_in_the_index() {
        let [first, next] =
            plans(&ListTimeEntries { created_by: Subject::new("ada").ok(), ..ListTimeEntries::default() });
        let index = "SEARCH time_entries USING INDEX time_entries_of_subject_latest_first";
        assert_eq!(first, [format!("{index} (created_by=?)")]);
        assert_eq!(next, [format!("{index} (created_by=? AND (date_stamp,id)<(?,?))")]);
    }
}
