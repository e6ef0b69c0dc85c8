//! Time entries, and the totals of their jobs. [`super::group`] writes them.

mod listing;

use async_trait::async_trait;
use diesel::prelude::*;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::TimeEntryId;
use stint_domain::{BackendError, Page};

use crate::sqlite::Sqlite;
use crate::sqlite::error::classify;
use crate::sqlite::ledger::rows::TimeEntryColumns;
use crate::sqlite::ledger::rows::TimeEntryRow;
use crate::sqlite::schema::time_entries;
use crate::sqlite::update_row::UpdateRow;
pub(in crate::sqlite) use listing::page;

#[async_trait]
impl TimeEntryRepository for Sqlite {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        self.write_alone(command).await
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        self.write_alone(command).await
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        self.write_alone(command).await
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        self.read(move |connection| page(connection, &query)).await
    }
}

/// The entry, if it exists.
pub(in crate::sqlite) fn load(
    connection: &mut SqliteConnection,
    id: TimeEntryId,
) -> Result<Option<TimeEntry>, BackendError> {
    let row: Option<TimeEntryRow> = time_entries::table
        .find(id.as_uuid().into_bytes())
        .select(TimeEntryRow::as_select())
        .first(connection)
        .optional()
        .map_err(classify)?;
    row.map(TimeEntry::try_from).transpose()
}

/// Stores a new entry. Does not update its job's total.
pub(in crate::sqlite) fn insert(connection: &mut SqliteConnection, entry: &TimeEntry) -> Result<(), BackendError> {
    let columns = TimeEntryColumns::from(entry);
    diesel::insert_into(time_entries::table).values(columns).execute(connection).map(drop).map_err(classify)
}

/// Overwrites the stored entry that has this id. Does not update its job's total.
pub(in crate::sqlite) fn update(connection: &mut SqliteConnection, entry: &TimeEntry) -> Result<(), BackendError> {
    let columns = TimeEntryColumns::from(entry);
    UpdateRow::new("time_entries", columns.id, &columns).execute(connection).map(drop).map_err(classify)
}

/// Deletes an entry. Does not update its job's total.
pub(in crate::sqlite) fn delete(connection: &mut SqliteConnection, id: TimeEntryId) -> Result<(), BackendError> {
    let entry = time_entries::table.find(id.as_uuid().into_bytes());
    diesel::delete(entry).execute(connection).map(drop).map_err(classify)
}
