//! The proof that totals equal sums, taken from one snapshot while others write.

use async_trait::async_trait;
use diesel::dsl::{count_star, max};
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Binary};
use stint_domain::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::ports::{BackendError, TotalsAudit};
use stint_domain::values::{JobId, Timestamp, TotalMinutes};

use super::Sqlite;
use super::error::classify;
use super::rows::{row, timestamp, uuid};
use super::schema::{jobs, time_entries};
use super::transaction::read;

#[async_trait]
impl TotalsAudit for Sqlite {
    /// It reads all jobs: no index has what every write changes.
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
        self.read(|connection| read(connection, report)).await
    }
}

fn report(connection: &mut SqliteConnection) -> Result<TotalsReport, BackendError> {
    let jobs: i64 = jobs::table.count().get_result(connection).map_err(classify)?;
    let time_entries: i64 = time_entries::table.count().get_result(connection).map_err(classify)?;
    Ok(TotalsReport {
        jobs: jobs.cast_unsigned(),
        time_entries: time_entries.cast_unsigned(),
        drifts: drifts(connection)?,
    })
}

#[derive(QueryableByName)]
struct DriftRow {
    #[diesel(sql_type = Binary)]
    id: Vec<u8>,
    #[diesel(sql_type = BigInt)]
    recorded: i64,
    #[diesel(sql_type = BigInt)]
    summed: i64,
}

fn drifts(connection: &mut SqliteConnection) -> Result<Vec<Drift>, BackendError> {
    let query = "
        SELECT id, total_minutes AS recorded, coalesce(minutes, 0) AS summed
        FROM jobs
        LEFT JOIN (SELECT related_job, sum(minutes_worked) AS minutes FROM time_entries GROUP BY related_job)
            ON related_job = id
        WHERE recorded <> summed
        ORDER BY id
        LIMIT ?";
    let most = i64::try_from(TotalsReport::MOST_DRIFTS).unwrap_or(i64::MAX);
    let rows: Vec<DriftRow> = sql_query(query).bind::<BigInt, _>(most).load(connection).map_err(classify)?;
    rows.into_iter().map(Drift::try_from).collect()
}

impl TryFrom<DriftRow> for Drift {
    type Error = BackendError;

    fn try_from(drift: DriftRow) -> Result<Self, BackendError> {
        let row = row("jobs", &drift.id);
        Ok(Self {
            job: JobId::new(uuid(&row, "id", &drift.id)?),
            recorded: row.column("total_minutes", drift.recorded, |total| TotalMinutes::new(*total))?,
            summed: row.column("sum(minutes_worked)", drift.summed, |total| TotalMinutes::new(*total))?,
        })
    }
}
