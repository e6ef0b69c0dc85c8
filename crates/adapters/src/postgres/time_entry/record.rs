//! One new entry: one statement, and a look at what is there only when that stores nothing.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::JobStatus;
use stint_domain::TimeEntry;
use stint_domain::ports::BackendError;
use stint_domain::ports::time_entry::{NewTimeEntry, RecordRefusal};
use stint_domain::values::{Timestamp, Version};

use super::super::attempt::Failure;
use super::super::rows::{date, timestamptz};
use super::super::schema::jobs;
use super::super::sql::Sql;
use super::find;
use super::statements::Record;

pub(super) fn record<R: From<BackendError> + From<RecordRefusal>>(
    connection: &mut PgConnection,
    entry: &NewTimeEntry,
    at: Timestamp,
) -> Result<TimeEntry, Failure<R>> {
    if store(connection, entry, at)? {
        return Ok(entry.clone().stored(at));
    }
    if let Some(stored) = find(connection, entry.id)? {
        let taken = || Failure::refused(RecordRefusal::IdTaken(entry.id));
        return if entry.is(&stored) { Ok(stored) } else { Err(taken()) };
    }
    let job = entry.related_job;
    let status: Option<String> = jobs::table.find(job.as_uuid()).select(jobs::status).first(connection).optional()?;
    Err(match status {
        None => Failure::refused(RecordRefusal::JobNotFound(job)),
        Some(status) if status == JobStatus::Archived.as_str() => Failure::refused(RecordRefusal::JobArchived(job)),
        Some(_) => Failure::Overtaken,
    })
}

/// Stores the entry and counts it, if its id is free and its job takes time.
pub(super) fn store<R>(connection: &mut PgConnection, entry: &NewTimeEntry, at: Timestamp) -> Result<bool, Failure<R>> {
    let stored = Sql::<Record>::constant()
        .bind::<SqlUuid, _>(entry.id.as_uuid())
        .bind::<SqlUuid, _>(entry.related_job.as_uuid())
        .bind::<SmallInt, _>(entry.minutes_worked.get().cast_signed())
        .bind::<Date, _>(date(entry.date_stamp))
        .bind::<Text, _>(entry.work_summary.as_str())
        .bind::<Text, _>(entry.created_by.as_str())
        .bind::<BigInt, _>(Version::initial(at).get())
        .bind::<Timestamptz, _>(timestamptz(at))
        .execute(connection)
        .map_err(Failure::from);
    match stored {
        // Somebody stores the same id at this very moment: the next attempt sees it.
        Err(failure) if failure.is_unique_violation() => Err(Failure::Overtaken),
        stored => Ok(stored? == 1),
    }
}
