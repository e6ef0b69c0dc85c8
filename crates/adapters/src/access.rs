//! The texts of listings of tokens, the same in every dialect.

use stint_domain::access::ports::token::{ListCapturing, ListTokens, TokenCursor};

use crate::sql::{Dialect, Sql, Value, Varying};

/// A page of all tokens, oldest first.
pub(crate) fn all<'a, C, D: Dialect>(query: &ListTokens) -> Sql<'a, Varying<C>, D> {
    listing()
        .when(" AND (created_at, id) > (?, ?)", query.after.map(place))
        .page(" ORDER BY created_at, id LIMIT ?", query.size)
}

/// A page of capture tokens, latest first.
pub(crate) fn capturing<'a, C, D: Dialect>(query: &ListCapturing) -> Sql<'a, Varying<C>, D> {
    listing()
        .text(" AND capture_target IS NOT NULL")
        .when(" AND capture_job = ?", query.related_job.map(|job| [Value::Id(job.as_uuid())]))
        .when(" AND (created_at, id) < (?, ?)", query.after.map(place))
        .page(" ORDER BY created_at DESC, id DESC LIMIT ?", query.size)
}

fn listing<'a, C, D: Dialect>() -> Sql<'a, Varying<C>, D> {
    Sql::varying(
        "SELECT id, name, subject, scopes, secret_hash, created_at, expires_at, revoked_at, capture_target,
            capture_job, capture_zone, capture_gap, last_used_at, made_by
        FROM tokens WHERE true",
    )
}

fn place<'a>(cursor: TokenCursor) -> [Value<'a>; 2] {
    [Value::Moment(cursor.created_at), Value::Id(cursor.id.as_uuid())]
}
