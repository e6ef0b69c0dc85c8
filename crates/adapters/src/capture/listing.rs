//! The text of a listing of pings, the same in every dialect.

use stint_domain::capture::ports::ping::{ListPings, PingStatus};

use crate::sql::{Dialect, Sql, Value, Varying};

/// The columns of a ping as it is shown.
macro_rules! ping_columns {
    () => {
        "id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at"
    };
}

#[cfg(feature = "postgres")]
pub(crate) use ping_columns;

/// A page of pings, latest first.
pub(crate) fn pings<C, D: Dialect>(query: &ListPings) -> Sql<'_, Varying<C>, D> {
    // Written into the text, so that the planner can use the index that leaves out pings which count.
    let status = match query.status {
        None => "",
        Some(PingStatus::Logged) => " AND status = 'logged'",
        Some(PingStatus::Ignored) => " AND status = 'ignored'",
        Some(PingStatus::Retracted) => " AND status = 'retracted'",
    };
    let after = query.after.map(|after| [Value::Moment(after.received_at), Value::Id(after.id.as_uuid())]);
    Sql::varying(concat!("SELECT ", ping_columns!(), " FROM pings WHERE true"))
        .when(" AND token_id = ?", query.token.map(|token| [Value::Id(token.as_uuid())]))
        .when(
            " AND token_id IN (SELECT id FROM tokens WHERE subject = ? AND capture_target IS NOT NULL)",
            query.subject.as_ref().map(|subject| [Value::Text(subject.as_str())]),
        )
        .when(" AND related_job = ?", query.related_job.map(|job| [Value::Id(job.as_uuid())]))
        .text(status)
        .when(" AND (received_at, id) < (?, ?)", after)
        .page(" ORDER BY received_at DESC, id DESC LIMIT ?", query.size)
}
