//! Pages of entries.

use diesel::dsl::{AsSelect, IntoBoxed, Select};
use diesel::prelude::*;
use diesel::sqlite::Sqlite;
use stint_domain::ports::BackendError;
use stint_domain::ports::time_entry::{ListTimeEntries, TimeEntryCursor};
use stint_domain::{Page, TimeEntry};

use crate::sqlite::error::classify;
use crate::sqlite::keyset::before;
use crate::sqlite::rows::TimeEntryRow;
use crate::sqlite::schema::time_entries;

pub(super) fn page(
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
    if let Some(to) = query.dates.to() {
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
