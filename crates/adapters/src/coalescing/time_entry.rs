//! Time entries: written and looked up in groups.

use async_trait::async_trait;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::TimeEntryId;
use stint_domain::{BackendError, BackendErrorKind, Page};

use super::Coalescing;
use crate::ledger::{LedgerStore, PageOfJob};

#[async_trait]
impl<S: LedgerStore + TimeEntryRepository> TimeEntryRepository for Coalescing<S> {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        self.write(command).await
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        self.write(command).await
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        self.write(command).await
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        self.write(command).await
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        self.write(command).await
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        self.entries.submit(id).await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        let Some(page) = PageOfJob::of(&query) else {
            return self.store.list(query).await;
        };
        let missing = || BackendError::new(S::BACKEND, BackendErrorKind::Internal, "a page was not looked up");
        self.pages.submit(page).await?.ok_or_else(missing)
    }
}
