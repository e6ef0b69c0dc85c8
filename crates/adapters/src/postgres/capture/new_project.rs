//! Counted projects in Postgres.
//!
//! Most questions are answered by reads alone. Only when a project must be counted, the token's count is locked until
//! the end of the transaction, so that racing requests, on any number of instances, never count more projects than
//! the bound. This lock is separate: those who log pings of the token do not wait for it.

use async_trait::async_trait;
use diesel::sql_types::{Array, Date, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;

use crate::capture::new_project::{Admission, AskedProjects};
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::rows::{Place, date};
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// Those of these projects that have a job.
    WithJob: Text = "
        SELECT asked.project FROM unnest(?) AS asked (project)
        WHERE EXISTS (
            SELECT FROM capture_projects AS assigned JOIN jobs ON jobs.id = assigned.related_job
            WHERE assigned.subject = ? AND assigned.project = asked.project
        ) OR EXISTS (SELECT FROM jobs WHERE jobs.name = asked.project AND status = 'open')";
    /// The projects that were counted for a token and a day.
    Counted: Text = "SELECT project FROM capture_new_projects WHERE token_id = ? AND day = ?";
    /// Waits for others that count for the token. The lock is a number computed from the token's id. Two tokens with the
    /// same number only wait for each other needlessly.
    Lock: Text = "SELECT pg_advisory_xact_lock(hashtextextended(?::text, 7310867223))::text";
    /// Counts these projects, and deletes the counts of earlier days.
    Count: () = "
        WITH former AS (DELETE FROM capture_new_projects WHERE token_id = ? AND day < ?)
        INSERT INTO capture_new_projects (token_id, day, project) SELECT ?, ?, project FROM unnest(?) AS new (project)";
}

#[async_trait]
impl NewProjects for Postgres {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        // Counting a project twice has no effect.
        self.requests.run(Repeat::Harmless, command, |connection, command| Box::pin(admit(connection, command))).await
    }
}

async fn admit(
    connection: &mut AsyncPgConnection,
    command: &AdmitProjects,
) -> Result<Vec<bool>, Failure<BackendError>> {
    let admission = admission(connection, command).await?;
    if admission.new.is_empty() {
        return Ok(admission.admitted);
    }
    transaction(connection, async |connection| count(connection, command).await).await
}

async fn count(
    connection: &mut AsyncPgConnection,
    command: &AdmitProjects,
) -> Result<Vec<bool>, Failure<BackendError>> {
    let (token, day) = (command.token.as_uuid(), date(command.day));
    let _locked: Vec<String> = Sql::<Lock>::constant().bind::<SqlUuid, _>(token).load(connection).await?;
    // Another transaction may have counted in the meantime.
    let Admission { admitted, new } = admission(connection, command).await?;
    if !new.is_empty() {
        Sql::<Count>::constant()
            .bind::<SqlUuid, _>(token)
            .bind::<Date, _>(day)
            .bind::<SqlUuid, _>(token)
            .bind::<Date, _>(day)
            .bind::<Array<Text>, _>(names(&new))
            .execute(connection)
            .await?;
    }
    Ok(admitted)
}

async fn admission(
    connection: &mut AsyncPgConnection,
    command: &AdmitProjects,
) -> Result<Admission, Failure<BackendError>> {
    let (token, day) = (command.token.as_uuid(), date(command.day));
    let forms: Vec<_> = command.projects.iter().flat_map(JobName::forms).collect();
    let with_job: Vec<String> = Sql::<WithJob>::constant()
        .bind::<Array<Text>, _>(forms)
        .bind::<Text, _>(command.subject.as_str())
        .load(connection)
        .await?;
    let stands = |project: &&JobName| project.forms().any(|form| with_job.iter().any(|name| *name == form));
    let counted: Vec<String> =
        Sql::<Counted>::constant().bind::<SqlUuid, _>(token).bind::<Date, _>(day).load(connection).await?;
    let place = Place { table: "capture_new_projects", id: token };
    let name = |name: String| place.column("project", &name, JobName::stored(&name));
    let projects = AskedProjects {
        with_job: command.projects.iter().filter(stands).cloned().collect(),
        counted: counted.into_iter().map(name).collect::<Result<_, _>>()?,
    };
    Ok(projects.admit(command))
}

fn names(projects: &[JobName]) -> Vec<&str> {
    projects.iter().map(JobName::as_str).collect()
}
