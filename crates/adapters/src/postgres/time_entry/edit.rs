//! Changes of one entry: the entry's job and the one it would move to are locked, then the entry is read and cannot
//! change any more, then it is decided what happens.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::TimeEntry;
use stint_domain::ports::BackendError;
use stint_domain::ports::job::Put;
use stint_domain::ports::time_entry::{
    DeleteTimeEntry, DeleteTimeEntryError, NewTimeEntry, PutTimeEntry, PutTimeEntryError, UpdateTimeEntry,
    UpdateTimeEntryError,
};
use stint_domain::values::{JobId, TimeEntryId, Timestamp};

use super::super::attempt::Failure;
use super::super::rows::{date, timestamptz};
use super::super::sql::Sql;
use super::find;
use super::locked_jobs::{Closed, Counts, LockedJobs};
use super::record::store;
use super::statements::{Delete, Replace};

pub(super) fn put(
    connection: &mut PgConnection,
    command: &PutTimeEntry,
) -> Result<Put<TimeEntry>, Failure<PutTimeEntryError>> {
    let (new, at) = (&command.entry, command.at);
    let (jobs, stored) = lock(connection, new.id, Some(new.related_job))?;
    let version = stored.as_ref().map(|entry| entry.version);
    command.precondition.check(version).map_err(Failure::refused)?;
    let Some(stored) = stored else {
        jobs.open(new.related_job).map_err(Failure::refused)?;
        // The job is locked and open, so only the id can be in the way: somebody stores it for another job just now.
        let created = store(connection, new, at)?;
        return if created { Ok(Put::Created(new.clone().stored(at))) } else { Err(Failure::Overtaken) };
    };
    let NewTimeEntry { related_job, minutes_worked, date_stamp, work_summary, .. } = new.clone();
    let wanted = TimeEntry { related_job, minutes_worked, date_stamp, work_summary, ..stored.clone() };
    jobs.both_open(stored.related_job, wanted.related_job).map_err(Failure::refused)?;
    replace(connection, &stored, wanted, at).map(Put::Replaced)
}

pub(super) fn update(
    connection: &mut PgConnection,
    command: &UpdateTimeEntry,
) -> Result<TimeEntry, Failure<UpdateTimeEntryError>> {
    let changes = &command.changes;
    let (jobs, stored) = lock(connection, command.id, changes.related_job)?;
    let stored = stored.ok_or(Failure::Refused(UpdateTimeEntryError::NotFound(command.id)))?;
    command.precondition.check(Some(stored.version)).map_err(Failure::refused)?;
    let wanted = TimeEntry {
        related_job: changes.related_job.unwrap_or(stored.related_job),
        minutes_worked: changes.minutes_worked.unwrap_or(stored.minutes_worked),
        date_stamp: changes.date_stamp.unwrap_or(stored.date_stamp),
        work_summary: changes.work_summary.clone().unwrap_or_else(|| stored.work_summary.clone()),
        ..stored.clone()
    };
    jobs.both_open(stored.related_job, wanted.related_job).map_err(Failure::refused)?;
    if changes.is_empty() {
        return Ok(stored);
    }
    replace(connection, &stored, wanted, command.at)
}

pub(super) fn delete(
    connection: &mut PgConnection,
    command: &DeleteTimeEntry,
) -> Result<(), Failure<DeleteTimeEntryError>> {
    let (jobs, stored) = lock(connection, command.id, None)?;
    let stored = stored.ok_or(Failure::Refused(DeleteTimeEntryError::NotFound(command.id)))?;
    command.precondition.check(Some(stored.version)).map_err(Failure::refused)?;
    if let Err(Closed::Archived(job)) = jobs.open(stored.related_job) {
        return Err(Failure::Refused(DeleteTimeEntryError::JobArchived(job)));
    }
    let mut counts = Counts::default();
    counts.add(stored.related_job, -i64::from(stored.minutes_worked.get()));
    let (ids, minutes) = counts.columns();
    let counted = Sql::<Delete>::constant()
        .bind::<SqlUuid, _>(stored.id.as_uuid())
        .bind::<Timestamptz, _>(timestamptz(command.at))
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(minutes)
        .execute(connection)?;
    counts.check(counted)
}

/// Locks the jobs and reads the entry.
fn lock<R: From<BackendError>>(
    connection: &mut PgConnection,
    id: TimeEntryId,
    other: Option<JobId>,
) -> Result<(LockedJobs, Option<TimeEntry>), Failure<R>> {
    let jobs = LockedJobs::lock_of_entry(connection, id, other)?;
    let stored = find(connection, id)?;
    match &stored {
        // It was moved or created while we waited for the lock.
        Some(entry) if !jobs.contains(entry.related_job) => Err(Failure::Overtaken),
        _ => Ok((jobs, stored)),
    }
}

fn replace<R>(
    connection: &mut PgConnection,
    stored: &TimeEntry,
    wanted: TimeEntry,
    at: Timestamp,
) -> Result<TimeEntry, Failure<R>> {
    let entry = TimeEntry { version: stored.version.next(), updated_at: at, ..wanted };
    let mut counts = Counts::default();
    counts.add(stored.related_job, -i64::from(stored.minutes_worked.get()));
    counts.add(entry.related_job, entry.minutes_worked.get().into());
    let (ids, minutes) = counts.columns();
    let counted = Sql::<Replace>::constant()
        .bind::<SqlUuid, _>(entry.related_job.as_uuid())
        .bind::<SmallInt, _>(entry.minutes_worked.get().cast_signed())
        .bind::<Date, _>(date(entry.date_stamp))
        .bind::<Text, _>(entry.work_summary.as_str())
        .bind::<BigInt, _>(entry.version.get())
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<SqlUuid, _>(entry.id.as_uuid())
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(minutes)
        .execute(connection)?;
    counts.check(counted)?;
    Ok(entry)
}
