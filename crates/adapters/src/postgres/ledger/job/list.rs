//! Pages of jobs.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::ledger::Job;
use stint_domain::ledger::ports::job::{JobCursor, ListJobs};
use stint_domain::{BackendError, Page};

use crate::postgres::attempt::Failure;
use crate::postgres::ledger::rows::{JobColumns, JobRow, job_columns};
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::{Sql, Varying};

pub(super) fn list(
    connection: &mut PgConnection,
    query: &ListJobs,
) -> Result<Page<Job, JobCursor>, Failure<BackendError>> {
    let mut sql = Sql::<Varying<JobColumns>>::varying(concat!("SELECT ", job_columns!(), " FROM jobs WHERE true"));
    if let Some(status) = query.status {
        sql = sql.text(" AND status = ?").bind::<Text, _>(status.as_str());
    }
    if let Some(part) = &query.name_part {
        // Unlike with LIKE, no character is special.
        sql = sql.text(" AND (strpos(name_folded, ?) > 0").bind::<Text, _>(part.as_str());
        if let Some(decomposed) = part.decomposed() {
            sql = sql.text(" OR strpos(name_folded, ?) > 0").bind::<Text, _>(decomposed);
        }
        sql = sql.text(")");
    }
    if let Some(after) = query.after {
        sql = sql
            .text(" AND (created_at, id) < (?, ?)")
            .bind::<Timestamptz, _>(timestamptz(after.created_at))
            .bind::<SqlUuid, _>(after.id.as_uuid());
    }
    let rows: Vec<JobRow> = sql
        .text(" ORDER BY created_at DESC, id DESC LIMIT ?")
        .bind::<BigInt, _>(query.size.with_lookahead())
        .load(connection)?;
    let jobs = rows.into_iter().map(Job::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)?;
    Ok(Page::of(jobs, query.size, |job| JobCursor::from(job)))
}
