//! The jobs that projects stand for.

use std::collections::HashMap;

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::ports::BackendError;
use stint_domain::values::{JobId, JobName, Subject, Timestamp};
use stint_domain::{JobStatus, Ping, PingTarget};

use crate::sqlite::error::classify;
use crate::sqlite::job;
use crate::sqlite::rows::{row, uuid};
use crate::sqlite::schema::{capture_projects, jobs};

/// Those that the pings so far have named.
#[derive(Default)]
pub(super) struct Projects(HashMap<(Subject, JobName), JobId>);

impl Projects {
    /// The job that the ping's target stands for, created if need be.
    pub(super) fn aim(
        &mut self,
        connection: &mut SqliteConnection,
        ping: &Ping,
        at: Timestamp,
    ) -> Result<Option<JobId>, BackendError> {
        let (name, create) = match &ping.target {
            PingTarget::Job(job) => return Ok(Some(*job)),
            PingTarget::Project { name, create } => (name, *create),
        };
        let key = (ping.subject.clone(), name.clone());
        if let Some(job) = self.0.get(&key) {
            return Ok(Some(*job));
        }
        let job = match known(connection, &ping.subject, name)? {
            Some(job) => job,
            None => match named(connection, name)? {
                Some(job) => assign(connection, &ping.subject, name, job)?,
                None if create => {
                    let new = job::insert(connection, ping.new_job_id(), name.clone(), JobStatus::Open, at)?;
                    assign(connection, &ping.subject, name, new.id)?
                }
                None => return Ok(None),
            },
        };
        self.0.insert(key, job);
        Ok(Some(job))
    }
}

/// The job that the project stands for, if that is still there.
fn known(connection: &mut SqliteConnection, subject: &Subject, name: &JobName) -> Result<Option<JobId>, BackendError> {
    let id: Option<Vec<u8>> = capture_projects::table
        .find((subject.as_str(), name.as_str()))
        .filter(capture_projects::related_job.eq_any(jobs::table.select(jobs::id)))
        .select(capture_projects::related_job)
        .first(connection)
        .optional()
        .map_err(classify)?;
    id.map(|id| Ok(JobId::new(uuid(&row("capture_projects", &id), "related_job", &id)?))).transpose()
}

/// The oldest open job with this name.
fn named(connection: &mut SqliteConnection, name: &JobName) -> Result<Option<JobId>, BackendError> {
    let id: Option<Vec<u8>> = jobs::table
        .filter(jobs::name.eq(name.as_str()).and(jobs::status.eq(JobStatus::Open.as_str())))
        .order((jobs::created_at, jobs::id))
        .select(jobs::id)
        .first(connection)
        .optional()
        .map_err(classify)?;
    id.map(|id| Ok(JobId::new(uuid(&row("jobs", &id), "id", &id)?))).transpose()
}

fn assign(
    connection: &mut SqliteConnection,
    subject: &Subject,
    name: &JobName,
    job: JobId,
) -> Result<JobId, BackendError> {
    diesel::replace_into(capture_projects::table)
        .values((
            capture_projects::subject.eq(subject.as_str()),
            capture_projects::project.eq(name.as_str()),
            capture_projects::related_job.eq(job.as_uuid().into_bytes()),
        ))
        .execute(connection)
        .map_err(classify)?;
    Ok(job)
}
