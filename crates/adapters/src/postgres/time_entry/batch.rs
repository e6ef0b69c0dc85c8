//! Many new entries: their jobs are locked, the outcome of each is decided here, and those that can be are stored by
//! one statement whose text does not depend on how many there are.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Date, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::TimeEntry;
use stint_domain::ports::time_entry::{
    BatchMode, BatchOutcome, NewTimeEntry, RecordBatch, RecordBatchError, RecordRefusal,
};
use stint_domain::values::{TimeEntryId, Timestamp, Version};

use super::super::attempt::Failure;
use super::super::rows::{TimeEntryRow, date, timestamptz};
use super::super::schema::time_entries;
use super::super::sql::Sql;
use super::locked_jobs::{Counts, LockedJobs};
use super::statements::StoreBatch;

/// By id, so that two batches with the same new ids meet in the same order.
type NewEntries<'a> = BTreeMap<TimeEntryId, &'a NewTimeEntry>;

pub(super) fn record(
    connection: &mut PgConnection,
    command: &RecordBatch,
) -> Result<BatchOutcome, Failure<RecordBatchError>> {
    let jobs = LockedJobs::lock(connection, command.entries.iter().map(|entry| entry.related_job))?;
    let stored = already_stored(connection, &command.entries)?;
    let (outcome, new) = decide(&command.entries, &jobs, &stored, command.at);
    let refusals = refusals(&outcome);
    if command.mode == BatchMode::Atomic && !refusals.is_empty() {
        return Err(Failure::Refused(RecordBatchError::Refused(refusals)));
    }
    if !new.is_empty() {
        store(connection, &new, command.at)?;
    }
    Ok(outcome)
}

fn already_stored(
    connection: &mut PgConnection,
    entries: &[NewTimeEntry],
) -> Result<HashMap<TimeEntryId, TimeEntry>, Failure<RecordBatchError>> {
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_uuid()).collect();
    let rows: Vec<TimeEntryRow> =
        time_entries::table.filter(time_entries::id.eq_any(ids)).select(TimeEntryRow::as_select()).load(connection)?;
    let entry = |row| TimeEntry::try_from(row).map(|entry| (entry.id, entry));
    rows.into_iter().map(entry).collect::<Result<_, _>>().map_err(Failure::refused)
}

/// The outcome of each entry, and those that are to be stored.
fn decide<'a>(
    entries: &'a [NewTimeEntry],
    jobs: &LockedJobs,
    stored: &HashMap<TimeEntryId, TimeEntry>,
    at: Timestamp,
) -> (BatchOutcome, NewEntries<'a>) {
    let mut new = NewEntries::new();
    let outcome = entries.iter().map(|entry| {
        let taken = Err(RecordRefusal::IdTaken(entry.id));
        if let Some(stored) = stored.get(&entry.id) {
            return if entry.is(stored) { Ok(stored.clone()) } else { taken };
        }
        if let Some(twin) = new.get(&entry.id) {
            return if *twin == entry { Ok(entry.clone().stored(at)) } else { taken };
        }
        jobs.open(entry.related_job)?;
        new.insert(entry.id, entry);
        Ok(entry.clone().stored(at))
    });
    (outcome.collect(), new)
}

fn refusals(outcome: &BatchOutcome) -> Vec<(usize, RecordRefusal)> {
    let refusal = |(place, result): (usize, &Result<_, _>)| result.as_ref().err().map(|refusal| (place, *refusal));
    outcome.iter().enumerate().filter_map(refusal).collect()
}

fn store(
    connection: &mut PgConnection,
    entries: &NewEntries<'_>,
    at: Timestamp,
) -> Result<(), Failure<RecordBatchError>> {
    let mut counts = Counts::default();
    for entry in entries.values() {
        counts.add(entry.related_job, entry.minutes_worked.get().into());
    }
    let (jobs, minutes) = counts.columns();
    let entries = || entries.values().copied();
    let counted = Sql::<StoreBatch>::constant()
        .bind::<Array<SqlUuid>, _>(entries().map(|entry| entry.id.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(entries().map(|entry| entry.related_job.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SmallInt>, _>(entries().map(|entry| entry.minutes_worked.get().cast_signed()).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(entries().map(|entry| date(entry.date_stamp)).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(entries().map(|entry| entry.work_summary.as_str()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(entries().map(|entry| entry.created_by.as_str()).collect::<Vec<_>>())
        .bind::<BigInt, _>(Version::initial(at).get())
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<Array<SqlUuid>, _>(jobs)
        .bind::<Array<BigInt>, _>(minutes)
        .execute(connection)
        .map_err(Failure::from);
    match counted {
        // Somebody stores one of the ids at this very moment: the next attempt sees it.
        Err(failure) if failure.is_unique_violation() => Err(Failure::Overtaken),
        counted => counts.check(counted?),
    }
}
