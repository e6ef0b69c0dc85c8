//! The texts of listings, the same in every dialect.

use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::ledger::ports::time_entry::ListTimeEntries;

use crate::sql::{Dialect, Sql, Value, Varying};

/// The columns of a row of `jobs`, without the folded name.
macro_rules! job_columns {
    () => {
        "id, name, status, total_minutes, version, created_at, updated_at"
    };
}

/// The columns of a row of `time_entries`.
macro_rules! entry_columns {
    () => {
        "id, related_job, minutes_worked, date_stamp, work_summary, created_by, version, created_at, updated_at"
    };
}

pub(crate) use {entry_columns, job_columns};

/// A page of jobs, newest first.
pub(crate) fn jobs<C, D: Dialect>(query: &ListJobs) -> Sql<'_, Varying<C>, D> {
    let mut sql = Sql::varying(concat!("SELECT ", job_columns!(), " FROM jobs WHERE true"))
        .when(" AND status = ?", query.status.map(|status| [Value::Text(status.as_str())]));
    if let Some(part) = &query.name_part {
        let contains = "(name_folded, ?) > 0";
        sql = sql.text(" AND (").text(D::POSITION).with(contains, [Value::Text(part.as_str())]);
        if let Some(decomposed) = part.decomposed() {
            sql = sql.text(" OR ").text(D::POSITION).with(contains, [Value::Text(decomposed)]);
        }
        sql = sql.text(")");
    }
    let after = query.after.map(|after| [Value::Moment(after.created_at), Value::Id(after.id.as_uuid())]);
    sql.when(" AND (created_at, id) < (?, ?)", after).page(" ORDER BY created_at DESC, id DESC LIMIT ?", query.size)
}

/// A page of entries, latest date first.
pub(crate) fn time_entries<C, D: Dialect>(query: &ListTimeEntries) -> Sql<'_, Varying<C>, D> {
    let dates = query.dates;
    // SQLite starts at a single upper bound, which has to be the nearer one: the cursor, if there is one.
    let start = query.after.map(|cursor| cursor.date_stamp);
    let to = dates.to().filter(|to| start.is_none_or(|start| start > *to));
    let subject = query.created_by.as_ref();
    let after = query.after.map(|after| [Value::Date(after.date_stamp), Value::Id(after.id.as_uuid())]);
    Sql::varying(concat!("SELECT ", entry_columns!(), " FROM time_entries WHERE true"))
        .when(" AND related_job = ?", query.related_job.map(|job| [Value::Id(job.as_uuid())]))
        .when(" AND date_stamp >= ?", dates.from().map(|from| [Value::Date(from)]))
        .when(" AND date_stamp <= ?", to.map(|to| [Value::Date(to)]))
        .when(" AND created_by = ?", subject.map(|subject| [Value::Text(subject.as_str())]))
        .when(" AND (date_stamp, id) < (?, ?)", after)
        .page(" ORDER BY date_stamp DESC, id DESC LIMIT ?", query.size)
}
