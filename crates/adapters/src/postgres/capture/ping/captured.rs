//! The time that pings prove, by day and job.

use diesel::data_types::PgDate;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::{CapturedTime, ListCaptured};
use stint_domain::ledger::JobName;
use stint_domain::values::JobId;
use uuid::Uuid;

use crate::postgres::attempt::Failure;
use crate::postgres::rows::{Place, date, date_stamp};
use crate::postgres::schema::{jobs, ping_days};

/// A day, a job, its name if the job exists, and microseconds.
type Row = (PgDate, Uuid, Option<String>, i64);

pub(super) async fn captured(
    connection: &mut AsyncPgConnection,
    &ListCaptured { token, from, to }: &ListCaptured,
) -> Result<Vec<CapturedTime>, Failure<BackendError>> {
    let rows: Vec<Row> = ping_days::table
        .left_join(jobs::table.on(jobs::id.eq(ping_days::related_job)))
        .filter(ping_days::token_id.eq(token.as_uuid()))
        .filter(ping_days::day.between(date(from), date(to)).and(ping_days::micros.gt(0)))
        .order((ping_days::day, ping_days::related_job))
        .select((ping_days::day, ping_days::related_job, jobs::name.nullable(), ping_days::micros))
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(time).collect::<Result<_, _>>()?)
}

fn time((day, job, name, micros): Row) -> Result<CapturedTime, BackendError> {
    let (place, of_job) = (Place { table: "ping_days", id: job }, Place { table: "jobs", id: job });
    let name = name.map(|name| of_job.column("name", &name, JobName::stored(&name)));
    Ok(CapturedTime {
        day: place.column("day", day.0, date_stamp(day))?,
        job: JobId::new(job),
        name: name.transpose()?,
        micros: micros.unsigned_abs(),
    })
}
