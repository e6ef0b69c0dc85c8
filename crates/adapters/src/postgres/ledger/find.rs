//! Jobs and entries by id.

use diesel::pg::Pg;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use diesel_async::{AsyncConnectionCore, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::rows::{JobColumns, JobRow, TimeEntryColumns, TimeEntryRow};
use crate::ledger::listing::{entry_columns, job_columns};
use crate::postgres::attempt::Failure;
use crate::postgres::read::all;
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    FindJobs: JobColumns = concat!("SELECT ", job_columns!(), " FROM jobs WHERE id = ANY (?)");
    FindEntries: TimeEntryColumns = concat!("SELECT ", entry_columns!(), " FROM time_entries WHERE id = ANY (?)");
}

/// Finds those of the jobs that exist, in any order.
pub(in crate::postgres) async fn jobs<C: AsyncConnectionCore<Backend = Pg>, R: From<BackendError>>(
    connection: &mut C,
    ids: impl IntoIterator<Item = JobId>,
) -> Result<Vec<Job>, Failure<R>> {
    let ids: Vec<_> = ids.into_iter().map(JobId::as_uuid).collect();
    all(Sql::<FindJobs>::constant().bind::<Array<SqlUuid>, _>(ids).load::<JobRow>(connection).await)
}

/// Finds those of the entries that exist, in any order.
pub(in crate::postgres) async fn entries<C: AsyncConnectionCore<Backend = Pg>, R: From<BackendError>>(
    connection: &mut C,
    ids: impl IntoIterator<Item = TimeEntryId>,
) -> Result<Vec<TimeEntry>, Failure<R>> {
    let ids: Vec<_> = ids.into_iter().map(TimeEntryId::as_uuid).collect();
    all(Sql::<FindEntries>::constant().bind::<Array<SqlUuid>, _>(ids).load::<TimeEntryRow>(connection).await)
}
