//! Time entries in memory, and the totals of their jobs. [`crate::ledger`] decides what a write does.

use async_trait::async_trait;
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::TimeEntryId;
use stint_domain::{BackendError, Page};

use crate::memory::Memory;
use crate::memory::state::latest_first;

#[async_trait]
impl TimeEntryRepository for Memory {
    async fn record(&self, command: RecordTime) -> Result<Applied<TimeEntry>, RecordTimeError> {
        let mut ledger = self.ledger();
        let recorded = ledger.record(&command)?;
        self.note_first_use(command.idempotency.as_ref(), command.at);
        Ok(recorded)
    }

    async fn record_batch(&self, command: RecordBatch) -> Result<Applied<BatchOutcome>, RecordBatchError> {
        let mut ledger = self.ledger();
        let recorded = ledger.record_batch(&command)?;
        self.note_first_use(command.idempotency.as_ref(), command.at);
        Ok(recorded)
    }

    async fn put(&self, command: PutTimeEntry) -> Result<Put<TimeEntry>, ChangeTimeEntryError> {
        self.ledger().put(&command)
    }

    async fn update(&self, command: UpdateTimeEntry) -> Result<TimeEntry, ChangeTimeEntryError> {
        self.ledger().update(&command)
    }

    async fn delete(&self, command: DeleteTimeEntry) -> Result<(), ChangeTimeEntryError> {
        self.ledger().delete(&command)
    }

    async fn find(&self, id: TimeEntryId) -> Result<Option<TimeEntry>, BackendError> {
        Ok(self.ledger().entries.get(&id).cloned())
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        let wanted = |entry: &&TimeEntry| {
            query.related_job.is_none_or(|job| entry.related_job == job)
                && query.dates.contains(entry.date_stamp)
                && query.created_by.as_ref().is_none_or(|subject| entry.created_by == *subject)
        };
        Ok(latest_first(self.ledger().entries.values().filter(wanted), query.after, query.size))
    }
}
