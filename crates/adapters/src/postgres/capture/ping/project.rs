//! The jobs of projects.
//!
//! A transaction that gives a project a job holds the lock of the project's name until its end. So when two
//! transactions meet the same new project name, of one subject or of two, they make one job. These locks are taken
//! after those of tokens and before those of jobs, in the order of the names.

use std::collections::{HashMap, HashSet};

use diesel::data_types::PgTimestamp;
use diesel::sql_types::{Array, Bool, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::Ping;
use stint_domain::ledger::JobName;
use stint_domain::values::{JobId, PingId, Subject, Timestamp};
use uuid::Uuid;

use crate::capture::counting::{Aim, Meant, Named, ProjectKey, Projects, named_beside, wanting};
use crate::postgres::attempt::Failure;
use crate::postgres::ledger::job;
use crate::postgres::rows::{Place, timestamptz};
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// The jobs of these projects, if the jobs still exist.
    Assigned: (Text, Text, SqlUuid, Bool) = "
        SELECT assigned.subject, assigned.project, assigned.related_job, jobs.status = 'archived'
        FROM unnest(?, ?) AS asked (subject, project)
        JOIN capture_projects AS assigned ON assigned.subject = asked.subject AND assigned.project = asked.project
        JOIN jobs ON jobs.id = assigned.related_job";
    /// Waits for others that give projects of these names a job. As a name is any text, its lock is a number computed
    /// from it. Two names with the same number only wait for each other needlessly.
    Lock: Text = "
        SELECT pg_advisory_xact_lock(hashtextextended(name, 7310867222))::text FROM unnest(?) AS names (name)";
    /// The oldest open job of each of these names.
    Oldest: (Text, SqlUuid) = "
        SELECT asked.name, oldest.id FROM unnest(?) AS asked (name)
        CROSS JOIN LATERAL (
            SELECT id FROM jobs WHERE jobs.name = asked.name AND status = 'open' ORDER BY created_at, id LIMIT 1
        ) AS oldest";
    /// For each of these pings, the latest project that was named before it by a ping of its token that counts.
    Last: (SqlUuid, Timestamptz, SqlUuid, Text) = "
        SELECT asked.id, named.at, named.id, named.project FROM unnest(?, ?, ?) AS asked (token, at, id)
        CROSS JOIN LATERAL (
            SELECT at, id, project FROM pings
            WHERE token_id = asked.token AND status = 'logged' AND project IS NOT NULL
                AND (pings.at, pings.id) < (asked.at, asked.id)
            ORDER BY pings.at DESC, pings.id DESC LIMIT 1
        ) AS named";
    /// Assigns these jobs to projects.
    Assign: () = "
        INSERT INTO capture_projects (subject, project, related_job) SELECT * FROM unnest(?, ?, ?)
        ON CONFLICT (subject, project) DO UPDATE SET related_job = excluded.related_job";
}

/// Finds the jobs of the pings, and makes missing ones.
pub(super) async fn aim(
    connection: &mut AsyncPgConnection,
    pings: &[Ping],
    is_logged: impl Fn(PingId) -> bool + Copy,
    at: Timestamp,
) -> Result<Aim, Failure<BackendError>> {
    let last = last(connection, &wanting(pings, is_logged).collect::<Vec<_>>()).await?;
    let beside = beside(connection, &named_beside(pings, is_logged)).await?;
    let meant = Meant::of(pings, is_logged, &last, &beside);
    let asked = meant.projects();
    let mut found = assigned(connection, &asked).await?;
    let unknown = found.unknown(&asked);
    let names: Vec<_> = unknown.iter().map(|name| name.as_str()).collect();
    if !names.is_empty() {
        let _locked: Vec<String> =
            Sql::<Lock>::constant().bind::<Array<Text>, _>(names.as_slice()).load(connection).await?;
        // Another transaction may have given them a job in the meantime.
        found = Projects { named: named(connection, &unknown).await?, ..assigned(connection, &asked).await? };
    }
    let aim = found.aim(pings, &meant, at);
    for new in &aim.created {
        if job::insert(connection, new.id, &new.name, new.status, at).await?.is_none() {
            return Err(Failure::Overtaken);
        }
    }
    if !aim.assignments.is_empty() {
        let column = |value: fn(&(ProjectKey, JobId)) -> &str| aim.assignments.iter().map(value).collect::<Vec<_>>();
        Sql::<Assign>::constant()
            .bind::<Array<Text>, _>(column(|((subject, _), _)| subject.as_str()))
            .bind::<Array<Text>, _>(column(|((_, name), _)| name.as_str()))
            .bind::<Array<SqlUuid>, _>(aim.assignments.iter().map(|(_, job)| job.as_uuid()).collect::<Vec<_>>())
            .execute(connection)
            .await?;
    }
    Ok(aim)
}

/// The jobs that these projects have, or could get, as far as needed to decide whether their pings count.
async fn beside(
    connection: &mut AsyncPgConnection,
    asked: &HashSet<ProjectKey>,
) -> Result<Projects, Failure<BackendError>> {
    let mut found = assigned(connection, asked).await?;
    let unknown = found.unknown(asked);
    if !unknown.is_empty() {
        found.named = named(connection, &unknown).await?;
    }
    Ok(found)
}

async fn last(
    connection: &mut AsyncPgConnection,
    wanting: &[&Ping],
) -> Result<HashMap<PingId, Named>, Failure<BackendError>> {
    if wanting.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, PgTimestamp, Uuid, String)> = Sql::<Last>::constant()
        .bind::<Array<SqlUuid>, _>(wanting.iter().map(|ping| ping.token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(wanting.iter().map(|ping| timestamptz(ping.at)).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(wanting.iter().map(|ping| ping.id.as_uuid()).collect::<Vec<_>>())
        .load(connection)
        .await?;
    let read = |(of, at, id, name): (Uuid, PgTimestamp, Uuid, String)| {
        let place = Place { table: "pings", id };
        let (at, name) = (place.timestamp("at", at)?, place.column("project", &name, JobName::stored(&name))?);
        Ok((PingId::new(of), ((at, PingId::new(id)), name)))
    };
    rows.into_iter().map(read).collect()
}

async fn assigned(
    connection: &mut AsyncPgConnection,
    asked: &HashSet<ProjectKey>,
) -> Result<Projects, Failure<BackendError>> {
    if asked.is_empty() {
        return Ok(Projects::default());
    }
    let forms = asked.iter().flat_map(|(subject, name)| name.forms().map(move |form| (subject.as_str(), form)));
    let (subjects, forms): (Vec<_>, Vec<_>) = forms.unzip();
    let rows: Vec<(String, String, Uuid, bool)> = Sql::<Assigned>::constant()
        .bind::<Array<Text>, _>(subjects)
        .bind::<Array<Text>, _>(forms)
        .load(connection)
        .await?;
    let archived = rows.iter().filter(|row| row.3).map(|row| JobId::new(row.2)).collect();
    let rows: HashMap<_, _> =
        rows.into_iter().map(|(subject, name, job, _)| ((subject, name), JobId::new(job))).collect();
    let job = |(subject, name): &(Subject, JobName)| {
        name.forms().find_map(|form| rows.get(&(subject.as_str().to_owned(), form.into_owned())).copied())
    };
    let assigned = asked.iter().filter_map(|key| Some((key.clone(), job(key)?))).collect();
    Ok(Projects { assigned, archived, ..Projects::default() })
}

async fn named(
    connection: &mut AsyncPgConnection,
    names: &[&JobName],
) -> Result<HashMap<JobName, JobId>, Failure<BackendError>> {
    let forms: Vec<_> = names.iter().flat_map(|name| name.forms()).collect();
    let rows: Vec<(String, Uuid)> = Sql::<Oldest>::constant().bind::<Array<Text>, _>(forms).load(connection).await?;
    let rows: HashMap<_, _> = rows.into_iter().collect();
    let job = |name: &JobName| name.forms().find_map(|form| rows.get(form.as_ref())).map(|job| JobId::new(*job));
    Ok(names.iter().filter_map(|name| Some(((*name).clone(), job(name)?))).collect())
}
