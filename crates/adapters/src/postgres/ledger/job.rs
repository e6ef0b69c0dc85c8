//! Jobs in Postgres.
//!
//! Every write is one statement that also checks its conditions. Only when it changes nothing, a second statement
//! finds out why. Deleting a job with its entries is a transaction.

mod statements;

use async_trait::async_trait;
use diesel::dsl::insert_into;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::SimpleAsyncConnection;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::ledger::ports::JobRepository;
use stint_domain::ledger::ports::job::{
    ChangeJobError, CreateJob, CreateJobError, DeleteJob, EntriesOfDeleted, JobCursor, ListJobs, Put, PutJob, UpdateJob,
};
use stint_domain::ledger::{Applied, Job, JobName, JobStatus, Precondition};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, Page};

use super::find;
use super::idempotency::once_per_key;
use crate::ledger::listing::jobs as jobs_listed;
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::error::{Fault, fault};
use crate::postgres::ledger::rows::{JobColumns, JobRow};
use crate::postgres::read::{one, page};
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::{jobs, time_entries};
use crate::postgres::sql::Sql;
use statements::{Change, Delete};

#[async_trait]
impl JobRepository for Postgres {
    async fn create(&self, command: CreateJob) -> Result<Applied<Job>, CreateJobError> {
        self.requests
            .run(Repeat::Harmless, command, |connection, command| Box::pin(create_once(connection, command)))
            .await
    }

    async fn put(&self, command: PutJob) -> Result<Put<Job>, ChangeJobError> {
        self.requests.run(Repeat::Never, command, |connection, command| Box::pin(put(connection, command))).await
    }

    async fn update(&self, command: UpdateJob) -> Result<Job, ChangeJobError> {
        self.requests.run(Repeat::Never, command, |connection, command| Box::pin(update(connection, command))).await
    }

    async fn delete(&self, command: DeleteJob) -> Result<(), ChangeJobError> {
        self.requests
            .run(Repeat::Never, command, |connection, command| {
                Box::pin(async move {
                    match command.entries {
                        EntriesOfDeleted::Refuse => delete(connection, command).await,
                        EntriesOfDeleted::Delete => {
                            transaction(connection, async |connection| delete_with_entries(connection, command).await)
                                .await
                        }
                    }
                })
            })
            .await
    }

    async fn find(&self, id: JobId) -> Result<Option<Job>, BackendError> {
        self.requests.run(Repeat::Reads, id, |connection, id| Box::pin(find(connection, *id))).await
    }

    async fn list(&self, query: ListJobs) -> Result<Page<Job, JobCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| {
                Box::pin(async move {
                    page(jobs_listed::<JobColumns, Pg>(query).load::<JobRow>(connection).await, query.size)
                })
            })
            .await
    }
}

async fn find<R: From<BackendError>>(connection: &mut AsyncPgConnection, id: JobId) -> Result<Option<Job>, Failure<R>> {
    Ok(find::jobs(connection, [id]).await?.pop())
}

/// Stores a job unless the id is taken.
pub(in crate::postgres) async fn insert(
    connection: &mut AsyncPgConnection,
    id: JobId,
    name: &JobName,
    status: JobStatus,
    at: Timestamp,
) -> QueryResult<Option<Job>> {
    let job = Job::new(id, name.clone(), status, at);
    let inserted = insert_into(jobs::table)
        .values((
            jobs::id.eq(id.as_uuid()),
            jobs::name.eq(name.as_str()),
            jobs::name_folded.eq(name.folded()),
            jobs::status.eq(status.as_str()),
            jobs::total_minutes.eq(0),
            jobs::version.eq(job.version.get()),
            jobs::created_at.eq(timestamptz(at)),
            jobs::updated_at.eq(timestamptz(at)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok((inserted == 1).then_some(job))
}

/// Creates a job, and only once for each key.
async fn create_once(
    connection: &mut AsyncPgConnection,
    command: &CreateJob,
) -> Result<Applied<Job>, Failure<CreateJobError>> {
    let Some(key) = &command.idempotency else {
        return create(connection, command).await.map(Applied::now);
    };
    once_per_key(connection, key, command.at, async |connection| create(connection, command).await).await
}

async fn create(connection: &mut AsyncPgConnection, command: &CreateJob) -> Result<Job, Failure<CreateJobError>> {
    if let Some(job) = insert(connection, command.id, &command.name, command.status, command.at).await? {
        return Ok(job);
    }
    match find(connection, command.id).await? {
        Some(job) if job.name == command.name && job.status == command.status => Ok(job),
        Some(job) => Err(Failure::Refused(CreateJobError::IdTaken(job.id))),
        None => Err(Failure::Overtaken),
    }
}

/// Each step is atomic and decides by what it finds, so racing puts of a new id create the job once.
async fn put(connection: &mut AsyncPgConnection, command: &PutJob) -> Result<Put<Job>, Failure<ChangeJobError>> {
    if matches!(command.precondition, Precondition::None | Precondition::Absent)
        && let Some(job) = insert(connection, command.id, &command.name, command.status, command.at).await?
    {
        return Ok(Put::Created(job));
    }
    let (name, status) = (Some(&command.name), Some(command.status));
    if let Some(job) = change(connection, command.id, name, status, command.at, &command.precondition).await? {
        return Ok(Put::Replaced(job));
    }
    let current = find(connection, command.id).await?.map(|job| job.version);
    command.precondition.check(current).map_err(Failure::refused)?;
    Err(Failure::Overtaken)
}

async fn update(connection: &mut AsyncPgConnection, command: &UpdateJob) -> Result<Job, Failure<ChangeJobError>> {
    let changes = &command.changes;
    if !changes.is_empty() {
        let (name, status) = (changes.name.as_ref(), changes.status);
        if let Some(job) = change(connection, command.id, name, status, command.at, &command.precondition).await? {
            return Ok(job);
        }
    }
    let job = find(connection, command.id).await?.ok_or(Failure::Refused(ChangeJobError::NotFound(command.id)))?;
    command.precondition.check(Some(job.version)).map_err(Failure::refused)?;
    if changes.is_empty() { Ok(job) } else { Err(Failure::Overtaken) }
}

/// Changes the given fields, if the job exists and the precondition holds.
async fn change<R: From<BackendError>>(
    connection: &mut AsyncPgConnection,
    id: JobId,
    name: Option<&JobName>,
    status: Option<JobStatus>,
    at: Timestamp,
    precondition: &Precondition,
) -> Result<Option<Job>, Failure<R>> {
    let changed = Sql::<Change>::constant()
        .bind::<Nullable<Text>, _>(name.map(JobName::as_str))
        .bind::<Nullable<Text>, _>(name.map(JobName::folded))
        .bind::<Nullable<Text>, _>(status.map(JobStatus::as_str))
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<SqlUuid, _>(id.as_uuid())
        .bind::<Nullable<Array<BigInt>>, _>(versions(precondition))
        .get_result::<JobRow>(connection)
        .await;
    one(changed)
}

/// The versions that satisfy the precondition for an existing job; `None` means any.
fn versions(precondition: &Precondition) -> Option<Vec<i64>> {
    match precondition {
        Precondition::None | Precondition::Exists => None,
        Precondition::Absent => Some(Vec::new()),
        Precondition::Version(versions) => Some(versions.iter().map(|version| version.get()).collect()),
    }
}

async fn delete(connection: &mut AsyncPgConnection, command: &DeleteJob) -> Result<(), Failure<ChangeJobError>> {
    let deleted = Sql::<Delete>::constant()
        .bind::<SqlUuid, _>(command.id.as_uuid())
        .bind::<Nullable<Array<BigInt>>, _>(versions(&command.precondition))
        .execute(connection)
        .await;
    match deleted {
        Ok(0) => {
            let job =
                find(connection, command.id).await?.ok_or(Failure::Refused(ChangeJobError::NotFound(command.id)))?;
            command.precondition.check(Some(job.version)).map_err(Failure::refused)?;
            Err(Failure::Overtaken)
        }
        Ok(_) => Ok(()),
        Err(error) if fault(&error) == Fault::ForeignKey => {
            Err(Failure::Refused(ChangeJobError::HasEntries(command.id)))
        }
        Err(error) => Err(error.into()),
    }
}

/// While the job is locked, nobody adds an entry to it.
async fn delete_with_entries(
    connection: &mut AsyncPgConnection,
    command: &DeleteJob,
) -> Result<(), Failure<ChangeJobError>> {
    let id = command.id.as_uuid();
    let locked = one(jobs::table.find(id).select(JobRow::as_select()).for_update().first(connection).await)?;
    let job: Job = locked.ok_or(Failure::Refused(ChangeJobError::NotFound(command.id)))?;
    command.precondition.check(Some(job.version)).map_err(Failure::refused)?;
    // With very many entries this takes longer than a request may. If it were undone each time, it could never
    // succeed.
    connection.batch_execute("SET LOCAL statement_timeout = 0").await?;
    diesel::delete(time_entries::table.filter(time_entries::related_job.eq(id))).execute(connection).await?;
    diesel::delete(jobs::table.find(id)).execute(connection).await?;
    Ok(())
}
