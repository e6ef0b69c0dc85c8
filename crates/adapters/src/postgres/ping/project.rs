//! The jobs that projects stand for.
//!
//! A project that stands for none is given one at its place in the table, whose lock racing drains wait for; the places
//! are taken in order, before any job is locked. Jobs that are created here nobody else has seen yet.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use stint_domain::ports::BackendError;
use stint_domain::values::{JobId, JobName, Subject, Timestamp};
use stint_domain::{JobStatus, Ping, PingTarget};
use uuid::Uuid;

use super::super::attempt::Failure;
use super::super::job;
use super::super::schema::jobs;
use super::super::sql::{Constant, Sql};

/// The jobs that these projects stand for, as far as the jobs are still there.
struct Find;

impl Constant for Find {
    type Columns = (Text, Text, SqlUuid);
    const SQL: &'static str = "
        SELECT known.subject, known.project, known.related_job
        FROM unnest(?, ?) AS asked (subject, project)
        JOIN capture_projects AS known ON known.subject = asked.subject AND known.project = asked.project
        JOIN jobs ON jobs.id = known.related_job";
}

/// Lets a project that stands for none stand for this job.
struct Assign;

impl Constant for Assign {
    type Columns = ();
    const SQL: &'static str = "
        INSERT INTO capture_projects (related_job, subject, project) VALUES (?, ?, ?) ON CONFLICT DO NOTHING";
}

/// The same for one whose job is gone.
struct Replace;

impl Constant for Replace {
    type Columns = ();
    const SQL: &'static str = "
        UPDATE capture_projects SET related_job = ? WHERE subject = ? AND project = ?
            AND NOT EXISTS (SELECT FROM jobs WHERE jobs.id = capture_projects.related_job)";
}

/// Jobs by subject and project.
#[derive(Default)]
pub(super) struct Projects(HashMap<(String, String), JobId>);

impl Projects {
    /// Those that the pings name, with jobs made for projects that may have new ones.
    pub(super) fn of(
        connection: &mut PgConnection,
        pings: &[Ping],
        at: Timestamp,
    ) -> Result<Self, Failure<BackendError>> {
        let mut asked: BTreeMap<(&str, &str), Option<&Ping>> = BTreeMap::new();
        for ping in pings {
            if let PingTarget::Project { name, create } = &ping.target {
                let first = asked.entry((ping.subject.as_str(), name.as_str())).or_default();
                *first = first.or_else(|| create.then_some(ping));
            }
        }
        let mut projects = Self::default();
        if asked.is_empty() {
            return Ok(projects);
        }
        let known: Vec<(String, String, Uuid)> = Sql::<Find>::constant()
            .bind::<Array<Text>, _>(asked.keys().map(|(subject, _)| *subject).collect::<Vec<_>>())
            .bind::<Array<Text>, _>(asked.keys().map(|(_, project)| *project).collect::<Vec<_>>())
            .load(connection)?;
        for (subject, project, job) in known {
            projects.0.insert((subject, project), JobId::new(job));
        }
        for ((subject, project), first) in asked {
            let key = (subject.to_owned(), project.to_owned());
            if !projects.0.contains_key(&key)
                && let Some(job) = assign(connection, subject, project, first, at)?
            {
                projects.0.insert(key, job);
            }
        }
        Ok(projects)
    }

    /// The job that the ping counts for, if there is one.
    pub(super) fn aim(&self, ping: &Ping) -> Option<JobId> {
        match &ping.target {
            PingTarget::Job(job) => Some(*job),
            PingTarget::Project { name, .. } => self.job(&ping.subject, name),
        }
    }

    fn job(&self, subject: &Subject, name: &JobName) -> Option<JobId> {
        self.0.get(&(subject.as_str().to_owned(), name.as_str().to_owned())).copied()
    }
}

/// Gives the project the open job of its name, or a new one if `first`, a ping that may create it, is there.
fn assign(
    connection: &mut PgConnection,
    subject: &str,
    project: &str,
    first: Option<&Ping>,
    at: Timestamp,
) -> Result<Option<JobId>, Failure<BackendError>> {
    let named: Option<Uuid> = jobs::table
        .filter(jobs::name.eq(project).and(jobs::status.eq(JobStatus::Open.as_str())))
        .order((jobs::created_at, jobs::id))
        .select(jobs::id)
        .first(connection)
        .optional()?;
    let Some(job) = named.map(JobId::new).or(first.map(Ping::new_job_id)) else { return Ok(None) };
    if write::<Assign>(connection, job, (subject, project))? == 0
        // Not `OR`: only a later statement sees what a transaction that was awaited has committed.
        && write::<Replace>(connection, job, (subject, project))? == 0
    {
        return Err(Failure::Overtaken);
    }
    if let (None, Some(ping)) = (named, first)
        && let PingTarget::Project { name, .. } = &ping.target
    {
        job::insert(connection, job, name, JobStatus::Open, at)?;
    }
    Ok(Some(job))
}

fn write<N: Constant>(
    connection: &mut PgConnection,
    job: JobId,
    (subject, project): (&str, &str),
) -> Result<usize, Failure<BackendError>> {
    let sql = Sql::<N>::constant().bind::<SqlUuid, _>(job.as_uuid()).bind::<Text, _>(subject).bind::<Text, _>(project);
    Ok(sql.execute(connection)?)
}
