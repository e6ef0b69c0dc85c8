//! Time entries in Postgres, and the totals of their jobs. [`super::group`] writes them.

use std::iter;

use async_trait::async_trait;
use diesel::pg::Pg;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::ledger::ports::TimeEntryRepository;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordTime, RecordTimeError, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{Applied, TimeEntry};
use stint_domain::values::TimeEntryId;
use stint_domain::{BackendError, Page};

use super::find;
use super::group::pages;
use crate::ledger::PageOfJob;
use crate::ledger::listing::time_entries;
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat};
use crate::postgres::ledger::rows::{TimeEntryColumns, TimeEntryRow};
use crate::postgres::read::page;

#[async_trait]
impl TimeEntryRepository for Postgres {
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
        self.requests
            .run(Repeat::Reads, id, |connection, id| {
                Box::pin(async move { Ok(find::entries(connection, iter::once(*id)).await?.pop()) })
            })
            .await
    }

    async fn list(&self, query: ListTimeEntries) -> Result<Page<TimeEntry, TimeEntryCursor>, BackendError> {
        self.requests.run(Repeat::Reads, query, |connection, query| Box::pin(list(connection, query))).await
    }
}

async fn list(
    connection: &mut AsyncPgConnection,
    query: &ListTimeEntries,
) -> Result<Page<TimeEntry, TimeEntryCursor>, Failure<BackendError>> {
    let Some(of_job) = PageOfJob::of(query) else {
        let listing = time_entries::<TimeEntryColumns, Pg>(query);
        return page(listing.load::<TimeEntryRow>(connection).await, query.size);
    };
    pages::find(connection, &[of_job]).await?.pop().ok_or(Failure::Overtaken)
}
