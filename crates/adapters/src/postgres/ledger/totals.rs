//! Compares every job's total with the sum of its entries, some jobs at a time.
//!
//! A step is a transaction with one snapshot, so it sees each writer's transaction whole or not at all. One statement
//! adds up most jobs of a step; a job with many entries is added up in pieces, by statements of its own.

use async_trait::async_trait;
use chrono::NaiveDate;
use diesel::data_types::PgTimestamp;
use diesel::sql_types::{BigInt, Date, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::SimpleAsyncConnection;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

use crate::caller::{Caller, Waiting};
use crate::ledger::auditing::{GivenUp, JOBS, PIECE, Step};
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::error::BACKEND;
use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::sql::Sql;
use crate::sql::statements;
use crate::stored_row::StoredRow;

/// One snapshot. The time-out allows a step on a cold disk, and is shorter than a service manager waits for a process
/// to end.
const BEGIN: &str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL statement_timeout = 10000";

statements! {
    Jobs: (SqlUuid, BigInt, BigInt, BigInt) = "
        SELECT jobs.id, jobs.total_minutes, entries.minutes, entries.number
        FROM jobs CROSS JOIN LATERAL (
            SELECT coalesce(sum(minutes_worked), 0)::bigint AS minutes, count(*) AS number
            FROM (SELECT minutes_worked FROM time_entries WHERE related_job = jobs.id LIMIT ?) AS few
        ) AS entries
        WHERE jobs.id >= ? ORDER BY jobs.id LIMIT ?";
    /// The next entries of a job in the order of an index, and the last of them.
    Piece: (BigInt, BigInt, Nullable<Date>, Nullable<SqlUuid>) = "
        WITH piece AS (
            SELECT minutes_worked, date_stamp, id FROM time_entries
            WHERE related_job = ? AND (date_stamp, id) < (?, ?)
            ORDER BY date_stamp DESC, id DESC LIMIT ?
        ), last AS (SELECT date_stamp, id FROM piece ORDER BY date_stamp, id LIMIT 1)
        SELECT
            (SELECT coalesce(sum(minutes_worked), 0)::bigint FROM piece), (SELECT count(*) FROM piece),
            (SELECT date_stamp FROM last), (SELECT id FROM last)";
    /// Reads all jobs: no index contains `updated_at`, because every write changes it.
    Changed: (BigInt, Nullable<Timestamptz>) = "SELECT count(*), max(updated_at) FROM jobs WHERE updated_at > ?";
}

#[async_trait]
impl TotalsAudit for Postgres {
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError> {
        self.requests
            .run(Repeat::Reads, moment, |connection, moment| Box::pin(changed_after(connection, *moment)))
            .await
    }

    async fn audit(&self) -> Result<TotalsReport, BackendError> {
        let (caller, mut report) = (Caller::default(), TotalsReport { jobs: 0, time_entries: 0, drifts: Vec::new() });
        let (mut from, mut jobs) = (Uuid::nil(), JOBS);
        loop {
            let step = self
                .requests
                .run(Repeat::Reads, (from, jobs, caller.waiting()), |connection, (from, jobs, waiting)| {
                    Box::pin(async move {
                        transaction(connection, async |connection| step(connection, *from, *jobs, waiting).await).await
                    })
                })
                .await;
            match step {
                Ok(step) => match step.add_to(&mut report) {
                    // What made a step slow may be over.
                    Some(next) => (from, jobs) = (next, jobs.saturating_mul(2).min(JOBS)),
                    None => return Ok(report),
                },
                // These jobs have many entries, or the disk is slow.
                Err(error) if error.kind == BackendErrorKind::Timeout && jobs > 1 => jobs = (jobs / 4).max(1),
                Err(error) => return Err(error),
            }
        }
    }
}

async fn changed_after(
    connection: &mut AsyncPgConnection,
    moment: Timestamp,
) -> Result<ChangedAfter, Failure<BackendError>> {
    let changed = Sql::<Changed>::constant().bind::<Timestamptz, _>(timestamptz(moment));
    let (jobs, latest): (i64, Option<PgTimestamp>) = changed.get_result(connection).await?;
    let place = Place { table: "jobs", id: Uuid::nil() };
    let latest = latest.map(|at| place.timestamp("max(updated_at)", at)).transpose()?;
    Ok(ChangedAfter { jobs: jobs.cast_unsigned(), latest })
}

async fn step(
    connection: &mut AsyncPgConnection,
    from: Uuid,
    jobs: u32,
    waiting: &Waiting,
) -> Result<Step, Failure<BackendError>> {
    connection.batch_execute(BEGIN).await?;
    let rows: Vec<(Uuid, i64, i64, i64)> = Sql::<Jobs>::constant()
        .bind::<BigInt, _>(i64::from(PIECE))
        .bind::<SqlUuid, _>(from)
        .bind::<BigInt, _>(i64::from(jobs))
        .load(connection)
        .await?;
    let mut step = Step::default();
    for (id, recorded, minutes, number) in rows {
        let (minutes, number) =
            if number < i64::from(PIECE) { (minutes, number) } else { add_up(connection, id, waiting).await? };
        step.job(drift(id, recorded, minutes)?, number.cast_unsigned());
    }
    Ok(step)
}

/// The minutes and the number of all entries of one job.
async fn add_up(
    connection: &mut AsyncPgConnection,
    job: Uuid,
    waiting: &Waiting,
) -> Result<(i64, i64), Failure<BackendError>> {
    // Later than every entry.
    let mut from = (NaiveDate::from_ymd_opt(10_000, 1, 1).unwrap_or(NaiveDate::MAX), Uuid::nil());
    let (mut minutes, mut number) = (0, 0);
    loop {
        if waiting.no_longer() {
            return Err(BackendError::new(BACKEND, BackendErrorKind::Unavailable, GivenUp).into());
        }
        let (more, entries, date, id): (i64, i64, Option<NaiveDate>, Option<Uuid>) = Sql::<Piece>::constant()
            .bind::<SqlUuid, _>(job)
            .bind::<Date, _>(from.0)
            .bind::<SqlUuid, _>(from.1)
            .bind::<BigInt, _>(i64::from(PIECE))
            .get_result(connection)
            .await?;
        (minutes, number) = (minutes + more, number + entries);
        match date.zip(id) {
            Some(last) if entries == i64::from(PIECE) => from = last,
            _ => return Ok((minutes, number)),
        }
    }
}

fn drift(id: Uuid, recorded: i64, summed: i64) -> Result<Drift, BackendError> {
    let row = StoredRow { backend: BACKEND, table: "jobs", id: id.to_string() };
    let total = |column, minutes| row.column(column, minutes, |minutes| TotalMinutes::new(*minutes));
    let (recorded, summed) = (total("total_minutes", recorded)?, total("(the sum of its entries)", summed)?);
    Ok(Drift { job: JobId::new(id), recorded, summed })
}
