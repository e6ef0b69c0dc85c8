//! Pages of pings.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use stint_domain::capture::LoggedPing;
use stint_domain::capture::ports::ping::{ListPings, PingCursor, PingStatus};
use stint_domain::{BackendError, Page};

use super::rows::{PingColumns, PingRow};
use crate::postgres::attempt::Failure;
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::{Sql, Varying};

pub(super) fn list(
    connection: &mut PgConnection,
    query: &ListPings,
) -> Result<Page<LoggedPing, PingCursor>, Failure<BackendError>> {
    let mut sql = Sql::<Varying<PingColumns>>::varying(
        "SELECT id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at
        FROM pings WHERE true",
    );
    if let Some(token) = query.token {
        sql = sql.text(" AND token_id = ?").bind::<SqlUuid, _>(token.as_uuid());
    }
    if let Some(job) = query.related_job {
        sql = sql.text(" AND related_job = ?").bind::<SqlUuid, _>(job.as_uuid());
    }
    if let Some(status) = query.status {
        // Written into the text, so that the planner can use the index that leaves out pings which count.
        sql = sql.text(match status {
            PingStatus::Logged => " AND status = 'logged'",
            PingStatus::Ignored => " AND status = 'ignored'",
            PingStatus::Retracted => " AND status = 'retracted'",
        });
    }
    if let Some(after) = query.after {
        sql = sql
            .text(" AND (received_at, id) < (?, ?)")
            .bind::<Timestamptz, _>(timestamptz(after.received_at))
            .bind::<SqlUuid, _>(after.id.as_uuid());
    }
    let rows: Vec<PingRow> = sql
        .text(" ORDER BY received_at DESC, id DESC LIMIT ?")
        .bind::<BigInt, _>(query.size.with_lookahead())
        .load(connection)?;
    let pings = rows.into_iter().map(LoggedPing::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)?;
    Ok(Page::of(pings, query.size, |ping| PingCursor::from(ping)))
}
