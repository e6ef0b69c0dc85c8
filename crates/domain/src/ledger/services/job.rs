//! Use cases on jobs.

use std::sync::Arc;

use crate::access::{Principal, Scope};
use crate::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, EntriesOfDeleted, JobChanges, JobCursor, ListJobs, Put,
    PutJob, UpdateJob,
};
use crate::ledger::ports::{JobRepository, LedgerPorts};
use crate::ledger::{Applied, Idempotency, Job, JobName, JobStatus, Precondition};
use crate::page::Page;
use crate::values::JobId;
use crate::{BackendError, ServiceError, Sources};

/// The caller's input for a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobDraft {
    /// Its name.
    pub name: JobName,
    /// Its status.
    pub status: JobStatus,
}

/// Use cases on jobs: `read` allows to see them, as `own` does, and `write` to change them.
#[derive(Clone)]
pub struct JobService {
    jobs: Arc<dyn JobRepository>,
    sources: Sources,
}

impl JobService {
    /// A service over these ports.
    pub fn new(ports: &LedgerPorts, sources: &Sources) -> Self {
        Self { jobs: ports.jobs.clone(), sources: sources.clone() }
    }

    /// Creates a job with a new id.
    pub async fn create(
        &self,
        principal: &Principal,
        draft: JobDraft,
        idempotency: Option<Idempotency>,
    ) -> Result<Applied<Job>, ServiceError<CreateJobError>> {
        principal.require(Scope::Write)?;
        let JobDraft { name, status } = draft;
        let id = JobId::new(self.sources.ids.generate());
        let command = CreateJob { id, name, status, at: self.sources.clock.now(), idempotency };
        self.jobs.create(command).await.map_err(ServiceError::Port)
    }

    /// Creates a job under the caller's id, or replaces it.
    pub async fn put(
        &self,
        principal: &Principal,
        id: JobId,
        draft: JobDraft,
        precondition: Precondition,
    ) -> Result<Put<Job>, ServiceError<ChangeJobError>> {
        principal.require(Scope::Write)?;
        let JobDraft { name, status } = draft;
        let command = PutJob { id, name, status, at: self.sources.clock.now(), precondition };
        self.jobs.put(command).await.map_err(ServiceError::Port)
    }

    /// Changes the given fields.
    pub async fn update(
        &self,
        principal: &Principal,
        id: JobId,
        changes: JobChanges,
        precondition: Precondition,
    ) -> Result<Job, ServiceError<ChangeJobError>> {
        principal.require(Scope::Write)?;
        let command = UpdateJob { id, changes, at: self.sources.clock.now(), precondition };
        self.jobs.update(command).await.map_err(ServiceError::Port)
    }

    /// Deletes a job.
    pub async fn delete(
        &self,
        principal: &Principal,
        id: JobId,
        entries: EntriesOfDeleted,
        precondition: Precondition,
    ) -> Result<(), ServiceError<ChangeJobError>> {
        principal.require(Scope::Write)?;
        let command = DeleteJob { id, entries, precondition };
        self.jobs.delete(command).await.map_err(ServiceError::Port)
    }

    /// Finds the job, if it exists.
    pub async fn find(&self, principal: &Principal, id: JobId) -> Result<Option<Job>, ServiceError<BackendError>> {
        principal.reads()?;
        self.jobs.find(id).await.map_err(ServiceError::Port)
    }

    /// Lists jobs, newest first.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListJobs,
    ) -> Result<Page<Job, JobCursor>, ServiceError<BackendError>> {
        principal.reads()?;
        self.jobs.list(query).await.map_err(ServiceError::Port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::MissingScope;
    use crate::ledger::ports::MockJobRepository;
    use crate::test::{at, job, principal, sources};

    fn service(jobs: MockJobRepository) -> JobService {
        JobService::new(&LedgerPorts { jobs: Arc::new(jobs), ..LedgerPorts::mocks() }, &sources())
    }

    fn draft() -> JobDraft {
        JobDraft { name: JobName::new("Research").unwrap(), status: JobStatus::Open }
    }

    #[tokio::test]
    async fn creating_takes_id_and_time_from_their_ports() {
        let mut jobs = MockJobRepository::new();
        let expected = CreateJob {
            id: JobId::new(uuid::Uuid::from_u128(1)),
            name: draft().name,
            status: JobStatus::Open,
            at: at(),
            idempotency: None,
        };
        jobs.expect_create().withf(move |c| *c == expected).return_once(|_| Ok(Applied::now(job())));
        let applied = service(jobs).create(&principal("write"), draft(), None).await.unwrap();
        assert_eq!(applied, Applied::now(job()));
    }

    #[tokio::test]
    async fn a_refusal_of_the_port_reaches_the_caller() {
        let mut jobs = MockJobRepository::new();
        jobs.expect_delete().return_once(|command| Err(ChangeJobError::HasEntries(command.id)));
        let refused = service(jobs)
            .delete(&principal("admin"), job().id, EntriesOfDeleted::Refuse, Precondition::None)
            .await
            .unwrap_err();
        assert!(matches!(refused, ServiceError::Port(ChangeJobError::HasEntries(id)) if id == job().id));
    }

    /// The mock has no expectation: a call that reaches it fails the test.
    #[tokio::test]
    async fn without_the_scope_nothing_reaches_the_port() {
        let service = service(MockJobRepository::new());
        let (reader, writer, id, none) = (principal("read"), principal("write"), job().id, Precondition::None);
        assert!(matches!(service.create(&reader, draft(), None).await, Err(ServiceError::Forbidden(_))));
        assert!(matches!(service.put(&reader, id, draft(), none.clone()).await, Err(ServiceError::Forbidden(_))));
        let update = service.update(&reader, id, JobChanges::default(), none.clone()).await;
        assert!(matches!(update, Err(ServiceError::Forbidden(_))));
        let delete = service.delete(&reader, id, EntriesOfDeleted::Refuse, none).await;
        assert!(matches!(delete, Err(ServiceError::Forbidden(MissingScope { scope: Scope::Write }))));
        assert!(matches!(service.find(&writer, id).await, Err(ServiceError::Forbidden(_))));
        let list = service.list(&writer, ListJobs::default()).await;
        assert!(matches!(list, Err(ServiceError::Forbidden(MissingScope { scope: Scope::Read }))));
    }
}
