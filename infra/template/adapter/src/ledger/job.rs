//! Jobs.

use std::cmp::Reverse;

use async_trait::async_trait;
use stint_domain::ledger::ports::JobRepository;
use stint_domain::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, EntriesOfDeleted, JobCursor, ListJobs, Put, PutJob, UpdateJob,
};
use stint_domain::ledger::{Applied, Job};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, Page};

use crate::Store;
use crate::store::State;

#[async_trait]
impl JobRepository for Store {
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError> {
        let CreateJob { id, name, status, at, idempotency } = command;
        self.write_once((idempotency, at), CreateJobError::KeyReused, |state| {
            let job = state.jobs.entry(id).or_insert_with(|| Job::new(id, name.clone(), status, at));
            if job.name == name && job.status == status { Ok(job.clone()) } else { Err(CreateJobError::IdTaken(id)) }
        })
    }

    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError> {
        let PutJob { id, name, status, at, precondition } = command;
        self.write(|state| {
            let stored = state.jobs.get(&id).cloned();
            precondition.check(stored.as_ref().map(|job| job.version))?;
            Ok(match stored {
                Some(job) => Put::Replaced(state.change(Job { name, status, ..job }, at)),
                None => Put::Created(state.jobs.entry(id).or_insert(Job::new(id, name, status, at)).clone()),
            })
        })
    }

    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError> {
        let UpdateJob { id, changes, at, precondition } = command;
        self.write(|state| {
            let job = state.jobs.get(&id).cloned().ok_or(ChangeJobError::NotFound(id))?;
            precondition.check(Some(job.version))?;
            if changes.is_empty() {
                return Ok(job);
            }
            let (name, status) = (changes.name.unwrap_or(job.name), changes.status.unwrap_or(job.status));
            Ok(state.change(Job { name, status, ..job }, at))
        })
    }

    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError> {
        let DeleteJob { id, entries, precondition } = command;
        self.write(|state| {
            let job = state.jobs.remove(&id).ok_or(ChangeJobError::NotFound(id))?;
            precondition.check(Some(job.version))?;
            let before = state.entries.len();
            state.entries.retain(|_, entry| entry.related_job != id);
            if state.entries.len() < before && entries == EntriesOfDeleted::Refuse {
                return Err(ChangeJobError::HasEntries(id));
            }
            Ok(())
        })
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError> {
        Ok(self.read().jobs.get(&id).cloned())
    }

    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
        let ListJobs { status, name_part, size, after } = query;
        let mut jobs: Vec<Job> = self.read().jobs.values().cloned().collect();
        jobs.retain(|job| status.is_none_or(|status| job.status == status));
        jobs.retain(|job| name_part.as_ref().is_none_or(|part| part.is_in(&job.name)));
        jobs.retain(|job| after.is_none_or(|after| (job.created_at, job.id) < (after.created_at, after.id)));
        jobs.sort_by_key(|job| Reverse((job.created_at, job.id)));
        Ok(Page::of(jobs, size, |job| job.into()))
    }
}

impl State {
    /// Stores a job with its next version. Every change of a job ends here, also that of its total.
    pub(super) fn change(&mut self, job: Job, at: Timestamp) -> Job {
        let job = Job { version: job.version.next(), updated_at: job.updated_at.max(at), ..job };
        self.jobs.insert(job.id, job.clone());
        job
    }
}
