//! Pages of jobs' entries, several in one statement.

use std::cmp::Reverse;

use diesel::data_types::PgDate;
use diesel::pg::Pg;
use diesel::sql_types::{Array, BigInt, Date, Uuid as SqlUuid};
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use stint_domain::ledger::TimeEntry;
use stint_domain::ledger::ports::time_entry::TimeEntryCursor;
use stint_domain::{BackendError, Page};
use uuid::Uuid;

use crate::ledger::listing::entry_columns;
use crate::ledger::{PageOfJob, TimeEntryPage};
use crate::postgres::attempt::Failure;
use crate::postgres::ledger::rows::{TimeEntryColumns, TimeEntryRow};
use crate::postgres::rows::date;
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// The rows of pages, each with the index of its page.
    FindPages: (BigInt, TimeEntryColumns) = concat!(
        "SELECT page.place, entry.*
        FROM unnest(?, ?, ?, ?, ?) WITH ORDINALITY AS page (job, first_date, end_date, end_id, rows, place)
        CROSS JOIN LATERAL (
            SELECT ",
        entry_columns!(),
        " FROM time_entries
            WHERE related_job = page.job AND date_stamp >= page.first_date
                AND (date_stamp, id) < (page.end_date, page.end_id)
            ORDER BY date_stamp DESC, id DESC LIMIT page.rows
        ) AS entry"
    );
}

/// Postgres' `-infinity` and `infinity`.
const BEFORE_ALL_DATES: PgDate = PgDate(i32::MIN);
const AFTER_ALL_DATES: i32 = i32::MAX;

/// Finds each of the pages, in order.
pub(in crate::postgres) async fn find<C: AsyncConnectionCore<Backend = Pg>>(
    connection: &mut C,
    pages: &[PageOfJob],
) -> Result<Vec<TimeEntryPage>, Failure<BackendError>> {
    let (end_dates, end_ids): (Vec<PgDate>, Vec<Uuid>) = pages.iter().map(end).unzip();
    let first_date = |page: &PageOfJob| page.dates.from().map_or(BEFORE_ALL_DATES, date);
    let rows: Vec<(i64, TimeEntryRow)> = Sql::<FindPages>::constant()
        .bind::<Array<SqlUuid>, _>(pages.iter().map(|page| page.job.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(pages.iter().map(first_date).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(end_dates)
        .bind::<Array<SqlUuid>, _>(end_ids)
        .bind::<Array<BigInt>, _>(pages.iter().map(|page| page.size.with_lookahead()).collect::<Vec<_>>())
        .load(connection)
        .await?;
    let mut found: Vec<Vec<TimeEntry>> = pages.iter().map(|_| Vec::new()).collect();
    for (place, row) in rows {
        let entries =
            usize::try_from(place - 1).ok().and_then(|place| found.get_mut(place)).ok_or(Failure::Overtaken)?;
        entries.push(row.try_into()?);
    }
    let page = |(mut entries, page): (Vec<TimeEntry>, &PageOfJob)| {
        // A join promises no order, although this one keeps it.
        entries.sort_by_key(|entry| Reverse((entry.date_stamp, entry.id)));
        Page::of(entries, page.size, |entry| TimeEntryCursor::from(entry))
    };
    Ok(found.into_iter().zip(pages).map(page).collect())
}

/// The index position before which the page begins: the cursor, the day after the last date, or the end of all dates.
fn end(page: &PageOfJob) -> (PgDate, Uuid) {
    let after_last = page.dates.to().map(|last| (date(last).0 + 1, Uuid::nil()));
    let cursor = page.after.map(|cursor| (date(cursor.date_stamp).0, cursor.id.as_uuid()));
    let (date, id) = after_last.into_iter().chain(cursor).min().unwrap_or((AFTER_ALL_DATES, Uuid::nil()));
    (PgDate(date), id)
}
