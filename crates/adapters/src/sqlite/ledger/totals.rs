//! The proof that totals equal sums, some jobs at a time, each time from one snapshot while others write.

use async_trait::async_trait;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Text};
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

use crate::caller::{Caller, Waiting};
use crate::ledger::auditing::{GivenUp, JOBS, PIECE, Step};
use crate::sql::statements;
use crate::sqlite::Sqlite;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::rows::{row, timestamp, uuid};
use crate::sqlite::schema::jobs;
use crate::sqlite::sql::Sql;
use crate::sqlite::transaction::read;

statements! {
    SomeJobs: (Binary, BigInt) = "SELECT id, total_minutes FROM jobs WHERE id >= ? ORDER BY id LIMIT ?";
    /// The next entries of a job in the order of an index.
    Piece: (BigInt, Text, Binary) = "
        SELECT minutes_worked, date_stamp, id FROM time_entries
        WHERE related_job = ? AND (date_stamp, id) < (?, ?)
        ORDER BY date_stamp DESC, id DESC LIMIT ?";
}

/// Later than the date of every entry: dates are compared as text.
const LATEST: &str = "9999-12-32";

#[async_trait]
impl TotalsAudit for Sqlite {
    /// Reads all jobs: no index contains `updated_at`, because every write changes it.
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError> {
        self.read(move |connection| {
            let (jobs, latest): (i64, Option<i64>) = jobs::table
                .filter(jobs::updated_at.gt(moment.as_micros()))
                .select((count_star(), max(jobs::updated_at)))
                .get_result(connection)
                .map_err(classify)?;
            let row = row("jobs", &[]);
            let latest = latest.map(|micros| timestamp(&row, "max(updated_at)", micros)).transpose()?;
            Ok(ChangedAfter { jobs: jobs.cast_unsigned(), latest })
        })
        .await
    }

    async fn audit(&self) -> Result<TotalsReport, BackendError> {
        let (caller, mut report) = (Caller::default(), TotalsReport { jobs: 0, time_entries: 0, drifts: Vec::new() });
        let mut from = Uuid::nil();
        loop {
            let waiting = caller.waiting();
            let step = self.read(move |connection| read(connection, |connection| step(connection, from, &waiting)));
            match step.await?.add_to(&mut report) {
                Some(next) => from = next,
                None => return Ok(report),
            }
        }
    }
}

fn step(connection: &mut SqliteConnection, from: Uuid, waiting: &Waiting) -> Result<Step, BackendError> {
    let rows: Vec<(Vec<u8>, i64)> = Sql::<SomeJobs>::constant()
        .bind::<Binary, _>(from.as_bytes().as_slice())
        .bind::<BigInt, _>(i64::from(JOBS))
        .load(connection)
        .map_err(classify)?;
    let mut step = Step::default();
    for (id, recorded) in rows {
        let (minutes, number) = add_up(connection, &id, waiting)?;
        step.job(drift(&id, recorded, minutes)?, number);
    }
    Ok(step)
}

/// The minutes and the number of all entries of one job.
fn add_up(connection: &mut SqliteConnection, job: &[u8], waiting: &Waiting) -> Result<(i64, u64), BackendError> {
    let (mut minutes, mut number, mut from) = (0, 0, (LATEST.to_owned(), Vec::new()));
    loop {
        if waiting.no_longer() {
            return Err(BackendError::new(BACKEND, BackendErrorKind::Unavailable, GivenUp));
        }
        let piece: Vec<(i64, String, Vec<u8>)> = Sql::<Piece>::constant()
            .bind::<Binary, _>(job)
            .bind::<Text, _>(&from.0)
            .bind::<Binary, _>(&from.1)
            .bind::<BigInt, _>(i64::from(PIECE))
            .load(connection)
            .map_err(classify)?;
        minutes += piece.iter().map(|(minutes, ..)| minutes).sum::<i64>();
        number += piece.len() as u64;
        match piece.into_iter().nth(PIECE as usize - 1) {
            Some((_, date, id)) => from = (date, id),
            None => return Ok((minutes, number)),
        }
    }
}

fn drift(id: &[u8], recorded: i64, summed: i64) -> Result<Drift, BackendError> {
    let row = row("jobs", id);
    Ok(Drift {
        job: JobId::new(uuid(&row, "id", id)?),
        recorded: row.column("total_minutes", recorded, |total| TotalMinutes::new(*total))?,
        summed: row.column("sum(minutes_worked)", summed, |total| TotalMinutes::new(*total))?,
    })
}
