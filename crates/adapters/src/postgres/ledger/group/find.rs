//! Jobs and entries by id.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Uuid as SqlUuid};
use stint_domain::BackendError;
use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId};

use super::statements::{FindEntries, FindJobs};
use crate::postgres::attempt::Failure;
use crate::postgres::rows::{JobRow, TimeEntryRow};
use crate::postgres::sql::Sql;

pub(super) fn jobs(
    connection: &mut PgConnection,
    ids: impl Iterator<Item = JobId>,
) -> Result<Vec<Job>, Failure<BackendError>> {
    let ids: Vec<_> = ids.map(JobId::as_uuid).collect();
    let rows: Vec<JobRow> = Sql::<FindJobs>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
    rows.into_iter().map(Job::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
}

pub(super) fn entries(
    connection: &mut PgConnection,
    ids: impl Iterator<Item = TimeEntryId>,
) -> Result<Vec<TimeEntry>, Failure<BackendError>> {
    let ids: Vec<_> = ids.map(TimeEntryId::as_uuid).collect();
    let rows: Vec<TimeEntryRow> = Sql::<FindEntries>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
    rows.into_iter().map(TimeEntry::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)
}
