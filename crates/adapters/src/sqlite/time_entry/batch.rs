//! Many new entries in one transaction.

use std::collections::HashMap;

use diesel::SqliteConnection;
use stint_domain::ports::BackendError;
use stint_domain::ports::time_entry::{BatchMode, BatchOutcome, NewTimeEntry, RecordBatchError, RecordRefusal};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{Job, TimeEntry};

use super::change::{insert_row, open_job, with};
use super::load;
use crate::sqlite::job;

/// Stores the entries in their order, and then each job's new total once. In [`BatchMode::Atomic`] the others are tried
/// after a refusal too, so that the caller learns of all that there are; the transaction fails all the same.
pub(super) fn record(
    connection: &mut SqliteConnection,
    entries: Vec<NewTimeEntry>,
    mode: BatchMode,
    at: Timestamp,
) -> Result<BatchOutcome, RecordBatchError> {
    let mut jobs = HashMap::new();
    let outcome = entries
        .into_iter()
        .map(|entry| record_one(connection, entry, &mut jobs, at))
        .collect::<Result<BatchOutcome, _>>()?;
    let refusals: Vec<_> =
        outcome.iter().enumerate().filter_map(|(place, item)| Some((place, *item.as_ref().err()?))).collect();
    if mode == BatchMode::Atomic && !refusals.is_empty() {
        return Err(RecordBatchError::Refused(refusals));
    }
    for job in jobs.into_values() {
        job::save(connection, job, at)?;
    }
    Ok(outcome)
}

/// Stores one entry, when it can be, and counts it in `jobs`, which holds those that have new entries.
fn record_one(
    connection: &mut SqliteConnection,
    entry: NewTimeEntry,
    jobs: &mut HashMap<JobId, Job>,
    at: Timestamp,
) -> Result<Result<TimeEntry, RecordRefusal>, BackendError> {
    if let Some(stored) = load(connection, entry.id)? {
        return Ok(if entry.is(&stored) { Ok(stored) } else { Err(RecordRefusal::IdTaken(entry.id)) });
    }
    let job = match jobs.remove(&entry.related_job).map_or_else(|| open_job(connection, entry.related_job), Ok) {
        Ok(job) => job,
        Err(closed) => return closed.into_refusal().map(Err),
    };
    let entry = entry.stored(at);
    insert_row(connection, &entry)?;
    jobs.insert(job.id, with(job, entry.minutes_worked)?);
    Ok(Ok(entry))
}
