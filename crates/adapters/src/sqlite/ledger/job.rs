//! Jobs. Writes of entries change them too, through [`load_all`] and [`save_total`].

use async_trait::async_trait;
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::select;
use diesel::sql_types::{BigInt, Binary};
use stint_domain::ledger::ports::JobRepository;
use stint_domain::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, EntriesOfDeleted, JobCursor, ListJobs, Put, PutJob, UpdateJob,
};
use stint_domain::ledger::{Applied, Job, JobName, JobStatus};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, Page};

use super::idempotency::once;
use crate::ledger::listing::{job_columns, jobs as jobs_listed};
use crate::sql::statements;
use crate::sqlite::Sqlite;
use crate::sqlite::by_ids;
use crate::sqlite::error::classify;
use crate::sqlite::ledger::rows::{JobColumns, JobRow, JobSelection};
use crate::sqlite::rows::page;
use crate::sqlite::schema::{jobs, time_entries};
use crate::sqlite::sql::{Dialect, Sql};
use crate::sqlite::update_row::UpdateRow;
use crate::stored_row::read;

#[async_trait]
impl JobRepository for Sqlite {
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError> {
        self.write(move |connection| {
            let CreateJob { id, name, status, at, idempotency } = command;
            once(connection, idempotency, at, |connection| match load(connection, id)? {
                Some(job) if job.name == name && job.status == status => Ok(job),
                Some(_) => Err(CreateJobError::IdTaken(id)),
                None => Ok(insert(connection, id, name, status, at)?),
            })
        })
        .await
    }

    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError> {
        self.write(move |connection| {
            let PutJob { id, name, status, at, precondition } = command;
            let stored = load(connection, id)?;
            precondition.check(stored.as_ref().map(|job| job.version))?;
            Ok(match stored {
                None => Put::Created(insert(connection, id, name, status, at)?),
                Some(job) => Put::Replaced(save(connection, Job { name, status, ..job }, at)?),
            })
        })
        .await
    }

    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError> {
        self.write(move |connection| {
            let UpdateJob { id, changes, at, precondition } = command;
            let job = load(connection, id)?.ok_or(ChangeJobError::NotFound(id))?;
            precondition.check(Some(job.version))?;
            if changes.is_empty() {
                return Ok(job);
            }
            let (name, status) = (changes.name.unwrap_or(job.name), changes.status.unwrap_or(job.status));
            Ok(save(connection, Job { name, status, ..job }, at)?)
        })
        .await
    }

    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError> {
        self.write(move |connection| {
            let DeleteJob { id, entries, precondition } = command;
            let job = load(connection, id)?.ok_or(ChangeJobError::NotFound(id))?;
            precondition.check(Some(job.version))?;
            match entries {
                EntriesOfDeleted::Delete => delete_entries(connection, id)?,
                EntriesOfDeleted::Refuse if has_entries(connection, id)? => return Err(ChangeJobError::HasEntries(id)),
                EntriesOfDeleted::Refuse => {}
            }
            Ok(delete(connection, id)?)
        })
        .await
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError> {
        self.read(move |connection| load(connection, id)).await
    }

    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
        self.read(move |connection| {
            page(jobs_listed::<JobSelection, Dialect>(&query).load::<JobRow>(connection), query.size)
        })
        .await
    }
}

statements! {
    ById: JobSelection = concat!("SELECT ", job_columns!(), " FROM ids CROSS JOIN jobs ON id = wanted");
    /// Leaves out what an index contains.
    SaveTotal: () = "UPDATE jobs SET total_minutes = ?, version = ?, updated_at = ? WHERE id = ?";
}

/// The job, if it exists.
pub(in crate::sqlite) fn load(connection: &mut SqliteConnection, id: JobId) -> Result<Option<Job>, BackendError> {
    load_all(connection, [id]).map(|jobs| jobs.into_iter().next())
}

/// Those of the jobs that exist.
pub(in crate::sqlite) fn load_all(
    connection: &mut SqliteConnection,
    ids: impl IntoIterator<Item = JobId>,
) -> Result<Vec<Job>, BackendError> {
    let rows = by_ids::load::<ById, JobRow>(connection, ids.into_iter().map(JobId::as_uuid));
    read(rows.map_err(classify)?)
}

pub(in crate::sqlite) fn insert(
    connection: &mut SqliteConnection,
    id: JobId,
    name: JobName,
    status: JobStatus,
    at: Timestamp,
) -> Result<Job, BackendError> {
    let job = Job::new(id, name, status, at);
    diesel::insert_into(jobs::table).values(JobColumns::from(&job)).execute(connection).map_err(classify)?;
    Ok(job)
}

/// Stores `job`, whose name or status changed, as its next version.
fn save(connection: &mut SqliteConnection, job: Job, at: Timestamp) -> Result<Job, BackendError> {
    let job = Job { version: job.version.next(), updated_at: job.updated_at.max(at), ..job };
    update(connection, &job)?;
    Ok(job)
}

/// Overwrites the stored job that has this id.
pub(in crate::sqlite) fn update(connection: &mut SqliteConnection, job: &Job) -> Result<(), BackendError> {
    let columns = JobColumns::from(job);
    UpdateRow::new("jobs", columns.id, &columns).execute(connection).map(drop).map_err(classify)
}

/// Stores the total of a job whose entries changed, and with it the version.
pub(in crate::sqlite) fn save_total(connection: &mut SqliteConnection, job: &Job) -> Result<(), BackendError> {
    Sql::<SaveTotal>::constant()
        // At most 2^53 - 1.
        .bind::<BigInt, _>(job.total_minutes.get().cast_signed())
        .bind::<BigInt, _>(job.version.get())
        .bind::<BigInt, _>(job.updated_at.as_micros())
        .bind::<Binary, _>(job.id.as_uuid().into_bytes())
        .execute(connection)
        .map(drop)
        .map_err(classify)
}

fn has_entries(connection: &mut SqliteConnection, id: JobId) -> Result<bool, BackendError> {
    let entries = time_entries::table.filter(time_entries::related_job.eq(id.as_uuid().into_bytes()));
    select(exists(entries)).get_result(connection).map_err(classify)
}

fn delete_entries(connection: &mut SqliteConnection, id: JobId) -> Result<(), BackendError> {
    let entries = time_entries::table.filter(time_entries::related_job.eq(id.as_uuid().into_bytes()));
    diesel::delete(entries).execute(connection).map(drop).map_err(classify)
}

fn delete(connection: &mut SqliteConnection, id: JobId) -> Result<(), BackendError> {
    diesel::delete(jobs::table.find(id.as_uuid().into_bytes())).execute(connection).map(drop).map_err(classify)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sql::Varying;
    use crate::sqlite::query_plan::query_plan;

    fn listing(query: &ListJobs) -> Sql<'_, Varying<JobSelection>> {
        jobs_listed(query)
    }

    #[test]
    fn a_page_starts_at_its_place_in_the_index() {
        let after = JobCursor { created_at: Timestamp::from_micros(0).unwrap(), id: JobId::new(Uuid::nil()) };
        let first = query_plan(&listing(&ListJobs::default()));
        assert_eq!(first, ["SCAN jobs USING INDEX jobs_newest_first"]);
        let next = query_plan(&listing(&ListJobs { after: Some(after), ..ListJobs::default() }));
        assert_eq!(next, ["SEARCH jobs USING INDEX jobs_newest_first ((created_at,id)<(?,?))"]);
    }
}
