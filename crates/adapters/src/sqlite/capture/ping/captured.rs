//! The time that pings prove, by day and job.

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::{CapturedTime, ListCaptured};
use stint_domain::ledger::JobName;
use stint_domain::values::JobId;

use crate::sqlite::error::classify;
use crate::sqlite::rows::{row, uuid};
use crate::sqlite::schema::{jobs, ping_days};

/// A day, a job, its name if the job exists, and microseconds.
type Row = (String, Vec<u8>, Option<String>, i64);

pub(super) fn captured(
    connection: &mut SqliteConnection,
    ListCaptured { token, from, to }: ListCaptured,
) -> Result<Vec<CapturedTime>, BackendError> {
    let rows: Vec<Row> = ping_days::table
        .left_join(jobs::table.on(jobs::id.eq(ping_days::related_job)))
        .filter(ping_days::token_id.eq(token.as_uuid().into_bytes()))
        .filter(ping_days::day.between(from.to_string(), to.to_string()).and(ping_days::micros.gt(0)))
        .order((ping_days::day, ping_days::related_job))
        .select((ping_days::day, ping_days::related_job, jobs::name.nullable(), ping_days::micros))
        .load(connection)
        .map_err(classify)?;
    rows.into_iter().map(time).collect()
}

fn time((day, job, name, micros): Row) -> Result<CapturedTime, BackendError> {
    let place = row("ping_days", &job);
    let job = JobId::new(uuid(&place, "related_job", &job)?);
    let of_job = row("jobs", job.as_uuid().as_bytes());
    Ok(CapturedTime {
        day: place.column("day", day, |day| day.parse())?,
        job,
        name: name.map(|name| of_job.column("name", name, |name| JobName::stored(name))).transpose()?,
        micros: micros.unsigned_abs(),
    })
}
