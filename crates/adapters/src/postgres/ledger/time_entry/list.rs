//! Pages of time entries.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text, Uuid as SqlUuid};
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, TimeEntryCursor};
use stint_domain::{BackendError, Page};

use crate::postgres::attempt::Failure;
use crate::postgres::ledger::rows::{TimeEntryColumns, TimeEntryRow, entry_columns};
use crate::postgres::rows::date;
use crate::postgres::sql::{Sql, Varying};

pub(super) fn list(
    connection: &mut PgConnection,
    query: &ListTimeEntries,
) -> Result<Page<TimeEntry, TimeEntryCursor>, Failure<BackendError>> {
    let mut sql = Sql::<Varying<TimeEntryColumns>>::varying(concat!(
        "SELECT ",
        entry_columns!(),
        " FROM time_entries WHERE true"
    ));
    if let Some(job) = query.related_job {
        sql = sql.text(" AND related_job = ?").bind::<SqlUuid, _>(job.as_uuid());
    }
    if let Some(from) = query.dates.from() {
        sql = sql.text(" AND date_stamp >= ?").bind::<Date, _>(date(from));
    }
    if let Some(to) = query.dates.to() {
        sql = sql.text(" AND date_stamp <= ?").bind::<Date, _>(date(to));
    }
    if let Some(subject) = &query.created_by {
        sql = sql.text(" AND created_by = ?").bind::<Text, _>(subject.as_str());
    }
    if let Some(after) = query.after {
        sql = sql
            .text(" AND (date_stamp, id) < (?, ?)")
            .bind::<Date, _>(date(after.date_stamp))
            .bind::<SqlUuid, _>(after.id.as_uuid());
    }
    let rows: Vec<TimeEntryRow> = sql
        .text(" ORDER BY date_stamp DESC, id DESC LIMIT ?")
        .bind::<BigInt, _>(query.size.with_lookahead())
        .load(connection)?;
    let entries = rows.into_iter().map(TimeEntry::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)?;
    Ok(Page::of(entries, query.size, |entry| TimeEntryCursor::from(entry)))
}
