//! The texts of statements on people, the same in every dialect.

use stint_domain::people::Handle;
use stint_domain::people::ports::person::ListPeople;
use stint_domain::values::{Subject, Timestamp};

use super::Ending;
use crate::sql::{Dialect, Sql, Value, Varying};

/// Each subject that a token of nobody or an entry has, once. Of the entries of one subject it reads one: the index
/// finds the next subject after it.
pub(crate) const SUBJECTS: &str = "
    WITH RECURSIVE logged (subject) AS (
        SELECT min(created_by) FROM time_entries
        UNION ALL
        SELECT (SELECT min(created_by) FROM time_entries WHERE created_by > logged.subject)
        FROM logged WHERE subject IS NOT NULL
    )
    SELECT subject FROM logged WHERE subject IS NOT NULL
    UNION SELECT subject FROM tokens WHERE person_id IS NULL";

/// Whether the handle is one of these subjects, in whatever case. What is stored and no subject is no handle either.
pub(crate) fn is_among(handle: &Handle, subjects: &[String]) -> bool {
    let folded = handle.folded();
    let is_same = |subject: &String| Subject::stored(subject).is_ok_and(|it| Handle::folded_subject(&it) == folded);
    subjects.iter().any(is_same)
}

/// A page of people, oldest first.
pub(crate) fn people<'a, C, D: Dialect>(query: &ListPeople) -> Sql<'a, Varying<C>, D> {
    let after = query.after.map(|after| [Value::Moment(after.created_at), Value::Id(after.id.as_uuid())]);
    Sql::varying(
        "SELECT id, handle, name, email, role, status, time_zone, week_starts_on, version, created_at, updated_at
        FROM people WHERE true",
    )
    .when(" AND role = ?", query.role.map(|role| [Value::Text(role.as_str())]))
    .when(" AND status = ?", query.status.map(|status| [Value::Text(status.as_str())]))
    .when(" AND (created_at, id) > (?, ?)", after)
    .page(" ORDER BY created_at, id LIMIT ?", query.size)
}

/// Revokes tokens of a person.
pub(crate) fn end<'a, D: Dialect>(which: &Ending, at: Timestamp) -> Sql<'a, Varying<()>, D> {
    of(Sql::varying("UPDATE tokens SET revoked_at = ").with("?", [Value::Moment(at)]), which)
}

/// Appends the condition for the tokens.
pub(crate) fn of<'a, C, D: Dialect>(sql: Sql<'a, Varying<C>, D>, which: &Ending) -> Sql<'a, Varying<C>, D> {
    sql.with(" WHERE person_id = ? AND revoked_at IS NULL", [Value::Id(which.person.as_uuid())])
        .when(" AND kind = ?", which.kind.map(|kind| [Value::Text(kind.as_str())]))
        .when(" AND id <> ?", which.but.map(|kept| [Value::Id(kept.as_uuid())]))
}
