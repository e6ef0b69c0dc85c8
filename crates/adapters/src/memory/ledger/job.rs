//! Jobs in memory.

use async_trait::async_trait;
use stint_domain::ledger::ports::JobRepository;
use stint_domain::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, EntriesOfDeleted, JobCursor, ListJobs, Put, PutJob, UpdateJob,
};
use stint_domain::ledger::{Applied, Job};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, Page};

use crate::ledger::{KeyReused, Outcome};
use crate::memory::Memory;
use crate::memory::state::latest_first;

#[async_trait]
impl JobRepository for Memory {
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError> {
        let mut ledger = self.ledger();
        let earlier = ledger.earlier(command.idempotency.as_ref(), |outcome| match outcome {
            Outcome::Job(job) => Some(job),
            _ => None,
        })?;
        if let Some(earlier) = earlier {
            return Ok(earlier);
        }
        let job = match ledger.jobs.get(&command.id) {
            Some(job) if job.name == command.name && job.status == command.status => job.clone(),
            Some(job) => return Err(CreateJobError::IdTaken(job.id)),
            None => Job::new(command.id, command.name, command.status, command.at),
        };
        ledger.jobs.insert(job.id, job.clone());
        ledger.remember(command.idempotency.as_ref(), || Outcome::Job(job.clone()));
        self.note_first_use(command.idempotency.as_ref(), command.at);
        Ok(Applied::now(job))
    }

    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError> {
        let mut ledger = self.ledger();
        let stored = ledger.jobs.get_mut(&command.id);
        command.precondition.check(stored.as_ref().map(|job| job.version))?;
        if let Some(job) = stored {
            job.name = command.name;
            job.status = command.status;
            changed(job, command.at);
            return Ok(Put::Replaced(job.clone()));
        }
        let job = Job::new(command.id, command.name, command.status, command.at);
        ledger.jobs.insert(job.id, job.clone());
        Ok(Put::Created(job))
    }

    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError> {
        let mut ledger = self.ledger();
        let job = ledger.jobs.get_mut(&command.id).ok_or(ChangeJobError::NotFound(command.id))?;
        command.precondition.check(Some(job.version))?;
        if !command.changes.is_empty() {
            job.name = command.changes.name.unwrap_or_else(|| job.name.clone());
            job.status = command.changes.status.unwrap_or(job.status);
            changed(job, command.at);
        }
        Ok(job.clone())
    }

    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError> {
        let mut ledger = self.ledger();
        let job = ledger.jobs.get(&command.id).ok_or(ChangeJobError::NotFound(command.id))?;
        command.precondition.check(Some(job.version))?;
        let has_entries = ledger.entries.values().any(|entry| entry.related_job == command.id);
        if has_entries && command.entries == EntriesOfDeleted::Refuse {
            return Err(ChangeJobError::HasEntries(command.id));
        }
        ledger.entries.retain(|_, entry| entry.related_job != command.id);
        ledger.jobs.remove(&command.id);
        Ok(())
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError> {
        Ok(self.ledger().jobs.get(&id).cloned())
    }

    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
        let wanted = |job: &&Job| {
            query.status.is_none_or(|status| job.status == status)
                && query.name_part.as_ref().is_none_or(|part| part.is_in(&job.name))
        };
        Ok(latest_first(self.ledger().jobs.values().filter(wanted), query.after, query.size))
    }
}

fn changed(job: &mut Job, at: Timestamp) {
    job.version = job.version.next();
    job.updated_at = job.updated_at.max(at);
}

impl From<KeyReused> for CreateJobError {
    fn from(_: KeyReused) -> Self {
        Self::KeyReused
    }
}
