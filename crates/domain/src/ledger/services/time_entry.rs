//! Use cases on time entries.

use thiserror::Error;

use crate::access::{MissingScope, Principal, Scope};
use crate::ledger::ports::LedgerPorts;
use crate::ledger::ports::job::Put;
use crate::ledger::ports::time_entry::{
    BatchMode, BatchOutcome, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, NewTimeEntry, PutTimeEntry,
    RecordBatch, RecordBatchError, RecordTime, RecordTimeError, TimeEntryChanges, TimeEntryCursor, UpdateTimeEntry,
};
use crate::ledger::{Applied, Idempotency, Minutes, Precondition, TimeEntry, WorkSummary};
use crate::page::Page;
use crate::values::{DateStamp, JobId, Subject, TimeEntryId};
use crate::{BackendError, ServiceError, Sources};

/// The caller's input for an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeEntryDraft {
    /// The job whose total will include these minutes.
    pub related_job: JobId,
    /// At most one day.
    pub minutes_worked: Minutes,
    /// The date of the work, without a time zone.
    pub date_stamp: DateStamp,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// Whose work it was; `None` means the principal's. A put that replaces an entry leaves it as it is.
    pub created_by: Option<Subject>,
}

impl TimeEntryDraft {
    /// Fails if it is the work of somebody for whom the principal may not log.
    fn check_author(&self, principal: &Principal) -> Result<(), MissingScope> {
        let is_own = self.created_by.as_ref().is_none_or(|subject| *subject == principal.subject);
        if is_own { Ok(()) } else { principal.require(Scope::Write) }
    }

    fn into_entry(self, id: TimeEntryId, principal: &Principal) -> NewTimeEntry {
        NewTimeEntry {
            id,
            related_job: self.related_job,
            minutes_worked: self.minutes_worked,
            date_stamp: self.date_stamp,
            work_summary: self.work_summary,
            created_by: self.created_by.unwrap_or_else(|| principal.subject.clone()),
        }
    }
}

/// Why a job's entries cannot be listed.
#[derive(Debug, Clone, Error)]
pub enum ListJobEntriesError {
    /// There is no such job.
    #[error("there is no job {0}")]
    JobNotFound(JobId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Use cases on time entries: `read` allows to see them, `write` to change them, `own` to see and change one's own. For
/// somebody with `own`, others' entries do not exist.
#[derive(Clone)]
pub struct TimeEntryService {
    ports: LedgerPorts,
    sources: Sources,
}

impl TimeEntryService {
    /// A service over these ports.
    pub fn new(ports: &LedgerPorts, sources: &Sources) -> Self {
        Self { ports: ports.clone(), sources: sources.clone() }
    }

    /// Logs time: stores an entry with a new id.
    pub async fn record(
        &self,
        principal: &Principal,
        draft: TimeEntryDraft,
        idempotency: Option<Idempotency>,
    ) -> Result<Applied<TimeEntry>, ServiceError<RecordTimeError>> {
        principal.writes()?;
        draft.check_author(principal)?;
        let entry = draft.into_entry(self.new_id(), principal);
        let command = RecordTime { entry, at: self.sources.clock.now(), idempotency };
        self.ports.time_entries.record(command).await.map_err(ServiceError::Port)
    }

    /// Stores many new entries in one transaction.
    pub async fn record_batch(
        &self,
        principal: &Principal,
        drafts: Vec<TimeEntryDraft>,
        mode: BatchMode,
        idempotency: Option<Idempotency>,
    ) -> Result<Applied<BatchOutcome>, ServiceError<RecordBatchError>> {
        principal.writes()?;
        drafts.iter().try_for_each(|draft| draft.check_author(principal))?;
        let entries = drafts.into_iter().map(|draft| draft.into_entry(self.new_id(), principal)).collect();
        let command = RecordBatch { entries, mode, at: self.sources.clock.now(), idempotency };
        self.ports.time_entries.record_batch(command).await.map_err(ServiceError::Port)
    }

    /// Stores an entry under the caller's id, or replaces it.
    pub async fn put(
        &self,
        principal: &Principal,
        id: TimeEntryId,
        draft: TimeEntryDraft,
        precondition: Precondition,
    ) -> Result<Put<TimeEntry>, ServiceError<ChangeTimeEntryError>> {
        let owner = principal.writes()?;
        draft.check_author(principal)?;
        let entry = draft.into_entry(id, principal);
        let command = PutTimeEntry { entry, owner, at: self.sources.clock.now(), precondition };
        self.ports.time_entries.put(command).await.map_err(ServiceError::Port)
    }

    /// Changes the given fields. A new `related_job` moves the entry.
    pub async fn update(
        &self,
        principal: &Principal,
        id: TimeEntryId,
        changes: TimeEntryChanges,
        precondition: Precondition,
    ) -> Result<TimeEntry, ServiceError<ChangeTimeEntryError>> {
        let owner = principal.writes()?;
        let command = UpdateTimeEntry { id, changes, owner, at: self.sources.clock.now(), precondition };
        self.ports.time_entries.update(command).await.map_err(ServiceError::Port)
    }

    /// Deletes an entry.
    pub async fn delete(
        &self,
        principal: &Principal,
        id: TimeEntryId,
        precondition: Precondition,
    ) -> Result<(), ServiceError<ChangeTimeEntryError>> {
        let owner = principal.writes()?;
        let command = DeleteTimeEntry { id, owner, at: self.sources.clock.now(), precondition };
        self.ports.time_entries.delete(command).await.map_err(ServiceError::Port)
    }

    /// Finds the entry, if it exists.
    pub async fn find(
        &self,
        principal: &Principal,
        id: TimeEntryId,
    ) -> Result<Option<TimeEntry>, ServiceError<BackendError>> {
        let owner = principal.reads()?;
        let found = self.ports.time_entries.find(id).await.map_err(ServiceError::Port)?;
        Ok(found.filter(|entry| owner.is_none_or(|owner| owner == entry.created_by)))
    }

    /// Lists entries, latest date first.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListTimeEntries,
    ) -> Result<Page<TimeEntry, TimeEntryCursor>, ServiceError<BackendError>> {
        let query = match principal.reads()? {
            None => query,
            Some(owner) if query.created_by.as_ref().is_none_or(|subject| *subject == owner) => {
                ListTimeEntries { created_by: Some(owner), ..query }
            }
            Some(_) => return Ok(Page { items: Vec::new(), next: None }),
        };
        self.ports.time_entries.list(query).await.map_err(ServiceError::Port)
    }

    /// Lists one job's entries. It fails when the job does not exist, so that an empty page always means a job
    /// without entries.
    pub async fn list_of_job(
        &self,
        principal: &Principal,
        job: JobId,
        query: ListTimeEntries,
    ) -> Result<Page<TimeEntry, TimeEntryCursor>, ServiceError<ListJobEntriesError>> {
        let query = ListTimeEntries { related_job: Some(job), ..query };
        let page = self.list(principal, query).await.map_err(|error| error.map(ListJobEntriesError::Backend))?;
        if page.items.is_empty() {
            let found = self.ports.jobs.find(job).await.map_err(|error| ServiceError::Port(error.into()))?;
            found.ok_or(ServiceError::Port(ListJobEntriesError::JobNotFound(job)))?;
        }
        Ok(page)
    }

    fn new_id(&self) -> TimeEntryId {
        TimeEntryId::new(self.sources.ids.generate())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::ledger::ports::{MockJobRepository, MockTimeEntryRepository};
    use crate::test::{at, job, principal, sources};

    fn service(entries: MockTimeEntryRepository, jobs: MockJobRepository) -> TimeEntryService {
        TimeEntryService::new(&LedgerPorts { jobs: Arc::new(jobs), time_entries: Arc::new(entries) }, &sources())
    }

    fn draft() -> TimeEntryDraft {
        TimeEntryDraft {
            related_job: job().id,
            minutes_worked: Minutes::new(30).unwrap(),
            date_stamp: "2026-01-02".parse().unwrap(),
            work_summary: WorkSummary::default(),
            created_by: None,
        }
    }

    #[tokio::test]
    async fn time_is_logged_for_others_with_write_alone() {
        let of_eve = || TimeEntryDraft { created_by: Some(Subject::new("eve").unwrap()), ..draft() };
        let mut entries = MockTimeEntryRepository::new();
        entries
            .expect_record()
            .withf(|c| c.entry.created_by.as_str() == "eve")
            .times(1)
            .return_once(|c| Ok(Applied::now(c.entry.stored(c.at))));
        let service = service(entries, MockJobRepository::new());
        service.record(&principal("write"), of_eve(), None).await.unwrap();
        let (own, none) = (principal("own"), Precondition::None);
        assert!(matches!(service.record(&own, of_eve(), None).await, Err(ServiceError::Forbidden(_))));
        let batch = service.record_batch(&own, vec![draft(), of_eve()], BatchMode::PerItem, None).await;
        assert!(matches!(batch, Err(ServiceError::Forbidden(_))));
        let put = service.put(&own, TimeEntryId::new(uuid::Uuid::nil()), of_eve(), none).await;
        assert!(matches!(put, Err(ServiceError::Forbidden(_))));
    }

    #[tokio::test]
    async fn logged_time_is_by_the_subject_of_the_principal() {
        let mut entries = MockTimeEntryRepository::new();
        entries
            .expect_record()
            .withf(|c| c.entry.created_by.as_str() == "ada" && c.at == at())
            .return_once(|c| Ok(Applied::now(c.entry.stored(c.at))));
        let service = service(entries, MockJobRepository::new());
        let applied = service.record(&principal("write"), draft(), None).await.unwrap();
        assert_eq!(applied.outcome.minutes_worked.get(), 30);
    }

    #[tokio::test]
    async fn every_entry_of_a_batch_gets_an_id_of_its_own_and_keeps_its_place() {
        let mut entries = MockTimeEntryRepository::new();
        entries
            .expect_record_batch()
            .return_once(|c| Ok(Applied::now(c.entries.into_iter().map(|entry| Ok(entry.stored(c.at))).collect())));
        let other = TimeEntryDraft { minutes_worked: Minutes::new(45).unwrap(), ..draft() };
        let applied = service(entries, MockJobRepository::new())
            .record_batch(&principal("write"), vec![draft(), other], BatchMode::Atomic, None)
            .await
            .unwrap();
        let stored: Vec<_> = applied.outcome.into_iter().map(Result::unwrap).collect();
        assert_eq!(stored.iter().map(|e| e.minutes_worked.get()).collect::<Vec<_>>(), [30, 45]);
        assert_ne!(stored[0].id, stored[1].id);
    }

    #[tokio::test]
    async fn an_empty_page_of_an_unknown_job_is_a_refusal_and_of_a_known_one_is_not() {
        for exists in [true, false] {
            let mut entries = MockTimeEntryRepository::new();
            entries
                .expect_list()
                .withf(|query| query.related_job == Some(job().id))
                .return_once(|_| Ok(Page { items: vec![], next: None }));
            let mut jobs = MockJobRepository::new();
            jobs.expect_find().return_once(move |_| Ok(exists.then(job)));
            let page =
                service(entries, jobs).list_of_job(&principal("read"), job().id, ListTimeEntries::default()).await;
            match page {
                Ok(page) => assert!(exists && page.items.is_empty()),
                Err(error) => {
                    assert!(!exists);
                    assert!(
                        matches!(error, ServiceError::Port(ListJobEntriesError::JobNotFound(id)) if id == job().id)
                    );
                }
            }
        }
    }

    #[tokio::test]
    async fn with_own_every_write_names_its_owner_and_reads_show_nothing_of_others() {
        let (owner, id) = (Some(Subject::new("ada").unwrap()), TimeEntryId::new(uuid::Uuid::nil()));
        let (ada, none) = (principal("own"), Precondition::None);
        let mut entries = MockTimeEntryRepository::new();
        let of_ada = owner.clone();
        entries
            .expect_put()
            .withf(move |c| c.owner == of_ada)
            .return_once(move |c| Err(ChangeTimeEntryError::NotFound(c.entry.id)));
        let of_ada = owner.clone();
        entries
            .expect_update()
            .withf(move |c| c.owner == of_ada)
            .return_once(|c| Err(ChangeTimeEntryError::NotFound(c.id)));
        let of_ada = owner.clone();
        entries
            .expect_delete()
            .withf(move |c| c.owner == of_ada)
            .return_once(|c| Err(ChangeTimeEntryError::NotFound(c.id)));
        let of_ada = owner.clone();
        let eve = Principal { subject: Subject::new("eve").unwrap(), ..principal("own") };
        let of_eve = draft().into_entry(id, &eve).stored(at());
        entries.expect_find().times(1).return_once(move |_| Ok(Some(of_eve)));
        entries
            .expect_list()
            .times(2)
            .withf(move |query| query.created_by == of_ada)
            .returning(|_| Ok(Page { items: vec![], next: None }));
        let service = service(entries, MockJobRepository::new());
        service.put(&ada, id, draft(), none.clone()).await.unwrap_err();
        service.update(&ada, id, TimeEntryChanges::default(), none.clone()).await.unwrap_err();
        service.delete(&ada, id, none).await.unwrap_err();
        assert_eq!(service.find(&ada, id).await.unwrap(), None);
        for created_by in [None, owner, Some(Subject::new("eve").unwrap())] {
            let query = ListTimeEntries { created_by, ..ListTimeEntries::default() };
            assert_eq!(service.list(&ada, query).await.unwrap().items, []);
        }
    }

    /// The mocks have no expectations: a call that reaches them fails the test.
    #[tokio::test]
    async fn without_the_scope_nothing_reaches_the_ports() {
        let service = service(MockTimeEntryRepository::new(), MockJobRepository::new());
        let (reader, writer, none) = (principal("read"), principal("write"), Precondition::None);
        let id = TimeEntryId::new(uuid::Uuid::nil());
        assert!(matches!(service.record(&reader, draft(), None).await, Err(ServiceError::Forbidden(_))));
        let batch = service.record_batch(&reader, vec![], BatchMode::Atomic, None).await;
        assert!(matches!(batch, Err(ServiceError::Forbidden(_))));
        assert!(matches!(service.put(&reader, id, draft(), none.clone()).await, Err(ServiceError::Forbidden(_))));
        let update = service.update(&reader, id, TimeEntryChanges::default(), none.clone()).await;
        assert!(matches!(update, Err(ServiceError::Forbidden(_))));
        assert!(matches!(service.delete(&reader, id, none).await, Err(ServiceError::Forbidden(_))));
        assert!(matches!(service.find(&writer, id).await, Err(ServiceError::Forbidden(_))));
        assert!(matches!(service.list(&writer, ListTimeEntries::default()).await, Err(ServiceError::Forbidden(_))));
        let of_job = service.list_of_job(&writer, job().id, ListTimeEntries::default()).await;
        assert!(matches!(of_job, Err(ServiceError::Forbidden(_))));
    }
}
