//! Every job's total against the sum of its entries.

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::data_types::PgTimestamp;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Timestamptz, Uuid as SqlUuid};
use stint_domain::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::ports::{BackendError, TotalsAudit};
use stint_domain::values::{JobId, Timestamp, TotalMinutes};
use uuid::Uuid;

use super::attempt::{Failure, transaction};
use super::rows::{Place, timestamptz};
use super::sql::{Constant, Sql};
use super::{BACKEND, Postgres};
use crate::stored_row::StoredRow;

/// One statement sees one snapshot, so no transaction of a writer is seen half.
struct Audit;

impl Constant for Audit {
    type Columns = (BigInt, BigInt, Array<SqlUuid>, Array<BigInt>, Array<BigInt>);
    const SQL: &'static str = "
        WITH summed AS (
            SELECT related_job, sum(minutes_worked)::bigint AS minutes, count(*) AS entries
            FROM time_entries GROUP BY related_job
        ), compared AS (
            SELECT id, total_minutes AS recorded, coalesce(minutes, 0) AS summed, coalesce(entries, 0) AS entries
            FROM jobs LEFT JOIN summed ON related_job = id
        ), drifts AS (
            SELECT id, recorded, summed FROM compared WHERE recorded <> summed ORDER BY id LIMIT ?
        )
        SELECT
            (SELECT count(*) FROM compared),
            (SELECT coalesce(sum(entries), 0)::bigint FROM compared),
            (SELECT coalesce(array_agg(id ORDER BY id), '{}') FROM drifts),
            (SELECT coalesce(array_agg(recorded ORDER BY id), '{}') FROM drifts),
            (SELECT coalesce(array_agg(summed ORDER BY id), '{}') FROM drifts)";
}

type Row = (i64, i64, Vec<Uuid>, Vec<i64>, Vec<i64>);

/// It reads all jobs: no index has what every write changes.
struct Changed;

impl Constant for Changed {
    type Columns = (BigInt, Nullable<Timestamptz>);
    const SQL: &'static str = "SELECT count(*), max(updated_at) FROM jobs WHERE updated_at > ?";
}

#[async_trait]
impl TotalsAudit for Postgres {
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError> {
        self.reading(move |connection| {
            let changed = Sql::<Changed>::constant().bind::<Timestamptz, _>(timestamptz(moment));
            let (jobs, latest): (i64, Option<PgTimestamp>) = changed.get_result(connection)?;
            let place = Place { table: "jobs", id: Uuid::nil() };
            let latest = latest.map(|at| place.timestamp("max(updated_at)", at)).transpose();
            Ok(ChangedAfter { jobs: jobs.cast_unsigned(), latest: latest.map_err(Failure::Refused)? })
        })
        .await
    }

    async fn audit(&self) -> Result<TotalsReport, BackendError> {
        self.reading(|connection| {
            transaction(connection, |connection| {
                // It reads the whole ledger, which may take longer than a request may.
                connection.batch_execute("SET LOCAL statement_timeout = 0")?;
                let most = i64::try_from(TotalsReport::MOST_DRIFTS).unwrap_or(i64::MAX);
                let row: Row = Sql::<Audit>::constant().bind::<BigInt, _>(most).get_result(connection)?;
                report(row).map_err(Failure::refused)
            })
        })
        .await
    }
}

fn report((jobs, time_entries, ids, recorded, summed): Row) -> Result<TotalsReport, BackendError> {
    let drift = |((id, recorded), summed): ((Uuid, i64), i64)| {
        let row = StoredRow { backend: BACKEND, table: "jobs", id: id.to_string() };
        let total = |column, minutes| row.column(column, minutes, |minutes| TotalMinutes::new(*minutes));
        let (recorded, summed) = (total("total_minutes", recorded)?, total("(the sum of its entries)", summed)?);
        Ok(Drift { job: JobId::new(id), recorded, summed })
    };
    let drifts = ids.into_iter().zip(recorded).zip(summed).map(drift).collect::<Result<_, BackendError>>()?;
    Ok(TotalsReport { jobs: jobs.cast_unsigned(), time_entries: time_entries.cast_unsigned(), drifts })
}
