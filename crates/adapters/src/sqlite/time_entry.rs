//! Time entries, and the totals of their jobs with them.
//!
//! A write looks first and changes then. Nothing can come in between: it is alone in its transaction.

mod batch;
mod change;
mod listing;

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::ports::job::Put;
use stint_domain::ports::time_entry::{
    BatchOutcome, DeleteTimeEntry, DeleteTimeEntryError, ListTimeEntries, NewTimeEntry, PutTimeEntry,
    PutTimeEntryError, RecordBatch, RecordBatchError, RecordRefusal, RecordTime, RecordTimeError, TimeEntryCursor,
    UpdateTimeEntry, UpdateTimeEntryError,
};
use stint_domain::ports::{BackendError, TimeEntryRepository};
use stint_domain::values::TimeEntryId;
use stint_domain::{Applied, Page, TimeEntry};

use self::change::{delete, insert, open_job, open_jobs, replace};
use super::Sqlite;
use super::error::classify;
use super::idempotency::once;
use super::rows::TimeEntryRow;
use super::schema::time_entries;

#[async_trait]
impl TimeEntryRepository for Sqlite {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        self.write(move |connection| {
            let RecordTime { entry, at, idempotency } = command;
            once(connection, idempotency, at, RecordTimeError::KeyReused, |connection| {
                match load(connection, entry.id)? {
                    Some(stored) if entry.is(&stored) => Ok(stored),
                    Some(stored) => Err(RecordRefusal::IdTaken(stored.id).into()),
                    None => {
                        let job = open_job(connection, entry.related_job)?;
                        Ok(insert(connection, entry, job, at)?)
                    }
                }
            })
        })
        .await
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        self.write(move |connection| {
            let RecordBatch { entries, mode, at, idempotency } = command;
            once(connection, idempotency, at, RecordBatchError::KeyReused, |connection| {
                batch::record(connection, entries, mode, at)
            })
        })
        .await
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, PutTimeEntryError> {
        self.write(move |connection| {
            let PutTimeEntry { entry, at, precondition } = command;
            let stored = load(connection, entry.id)?;
            precondition.check(stored.as_ref().map(|entry| entry.version))?;
            let Some(stored) = stored else {
                let job = open_job(connection, entry.related_job)?;
                return Ok(Put::Created(insert(connection, entry, job, at)?));
            };
            let NewTimeEntry { related_job, minutes_worked, date_stamp, work_summary, .. } = entry;
            let wanted = TimeEntry { related_job, minutes_worked, date_stamp, work_summary, ..stored.clone() };
            let jobs = open_jobs(connection, &stored, &wanted)?;
            Ok(Put::Replaced(replace(connection, &stored, wanted, jobs, at)?))
        })
        .await
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, UpdateTimeEntryError> {
        self.write(move |connection| {
            let UpdateTimeEntry { id, changes, at, precondition } = command;
            let stored = load(connection, id)?.ok_or(UpdateTimeEntryError::NotFound(id))?;
            precondition.check(Some(stored.version))?;
            let nothing_named = changes.is_empty();
            let wanted = TimeEntry {
                related_job: changes.related_job.unwrap_or(stored.related_job),
                minutes_worked: changes.minutes_worked.unwrap_or(stored.minutes_worked),
                date_stamp: changes.date_stamp.unwrap_or(stored.date_stamp),
                work_summary: changes.work_summary.unwrap_or_else(|| stored.work_summary.clone()),
                ..stored.clone()
            };
            let jobs = open_jobs(connection, &stored, &wanted)?;
            if nothing_named {
                return Ok(stored);
            }
            Ok(replace(connection, &stored, wanted, jobs, at)?)
        })
        .await
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), DeleteTimeEntryError> {
        self.write(move |connection| {
            let DeleteTimeEntry { id, at, precondition } = command;
            let stored = load(connection, id)?.ok_or(DeleteTimeEntryError::NotFound(id))?;
            precondition.check(Some(stored.version))?;
            let job = open_job(connection, stored.related_job)?;
            Ok(delete(connection, &stored, job, at)?)
        })
        .await
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        self.read(move |connection| listing::page(connection, &query)).await
    }
}

/// The entry, if there is one.
fn load(connection: &mut SqliteConnection, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
    let row: Option<TimeEntryRow> = time_entries::table
        .find(id.as_uuid().into_bytes())
        .select(TimeEntryRow::as_select())
        .first(connection)
        .optional()
        .map_err(classify)?;
    row.map(TimeEntry::try_from).transpose()
}
