//! Time entries in Postgres, and the totals of their jobs with them.
//!
//! A new entry is one statement (`record`); many are one transaction of set-shaped statements (`batch`); an edit
//! is a short transaction that holds the locks of the jobs that it touches (`edit`).

mod batch;
mod edit;
mod list;
mod locked_jobs;
mod record;
mod statements;

use async_trait::async_trait;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_domain::ports::job::Put;
use stint_domain::ports::time_entry::{
    BatchOutcome, DeleteTimeEntry, DeleteTimeEntryError, ListTimeEntries, PutTimeEntry, PutTimeEntryError, RecordBatch,
    RecordBatchError, RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry, UpdateTimeEntryError,
};
use stint_domain::ports::{BackendError, TimeEntryRepository};
use stint_domain::values::TimeEntryId;
use stint_domain::{Applied, Page, TimeEntry};

use super::Postgres;
use super::attempt::{Failure, transaction};
use super::idempotency::{KeyReused, once_per_key};
use super::rows::TimeEntryRow;
use super::schema::time_entries;

impl KeyReused for RecordTimeError {
    const KEY_REUSED: Self = Self::KeyReused;
}

impl KeyReused for RecordBatchError {
    const KEY_REUSED: Self = Self::KeyReused;
}

#[async_trait]
impl TimeEntryRepository for Postgres {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        self.repeatably(move |connection| {
            if command.idempotency.is_none() {
                return record::record(connection, &command.entry, command.at).map(Applied::now);
            }
            once_per_key(connection, command.idempotency.as_ref(), command.at, |connection| {
                record::record(connection, &command.entry, command.at)
            })
        })
        .await
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        self.repeatably(move |connection| {
            once_per_key(connection, command.idempotency.as_ref(), command.at, |connection| {
                batch::record(connection, &command)
            })
        })
        .await
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, PutTimeEntryError> {
        self.once(move |connection| transaction(connection, |connection| edit::put(connection, &command))).await
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, UpdateTimeEntryError> {
        self.once(move |connection| transaction(connection, |connection| edit::update(connection, &command))).await
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), DeleteTimeEntryError> {
        self.once(move |connection| transaction(connection, |connection| edit::delete(connection, &command))).await
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        self.repeatably(move |connection| find(connection, id)).await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        self.repeatably(move |connection| list::list(connection, &query)).await
    }
}

fn find<R: From<BackendError>>(
    connection: &mut PgConnection,
    id: TimeEntryId,
) -> Result<Option<TimeEntry>, Failure<R>> {
    let row = time_entries::table.find(id.as_uuid()).select(TimeEntryRow::as_select()).first(connection).optional()?;
    row.map(TimeEntry::try_from).transpose().map_err(Failure::refused)
}
