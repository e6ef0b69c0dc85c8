//! Jobs: looked up in groups, written one by one.

use async_trait::async_trait;
use stint_domain::ledger::ports::JobRepository;
use stint_domain::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, JobCursor, ListJobs, Put, PutJob, UpdateJob,
};
use stint_domain::ledger::{Applied, Job};
use stint_domain::values::JobId;
use stint_domain::{BackendError, Page};

use super::Coalescing;
use crate::ledger::LedgerStore;

#[async_trait]
impl<S: LedgerStore + JobRepository> JobRepository for Coalescing<S> {
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError> {
        self.store.create(command).await
    }

    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError> {
        self.store.put(command).await
    }

    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError> {
        self.store.update(command).await
    }

    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError> {
        self.store.delete(command).await
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError> {
        self.jobs.submit(id).await
    }

    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
        self.store.list(query).await
    }
}
