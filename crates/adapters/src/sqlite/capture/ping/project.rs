//! The jobs of projects.

use std::collections::{HashMap, HashSet};

use diesel::SqliteConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Text};
use stint_domain::BackendError;
use stint_domain::capture::Ping;
use stint_domain::ledger::JobName;
use stint_domain::values::{JobId, PingId, Timestamp};

use crate::capture::counting::{Aim, Meant, Named, ProjectKey, Projects, named_beside, wanting};
use crate::sql::statements;
use crate::sqlite::error::classify;
use crate::sqlite::ledger::job;
use crate::sqlite::rows::{row, timestamp, uuid};
use crate::sqlite::schema::{capture_projects, jobs};
use crate::sqlite::sql::Sql;

/// Finds the jobs of the pings, and makes missing ones.
pub(super) fn aim(
    connection: &mut SqliteConnection,
    pings: &[Ping],
    is_logged: impl Fn(PingId) -> bool + Copy,
    at: Timestamp,
) -> Result<Aim, BackendError> {
    let mut last = HashMap::new();
    for ping in wanting(pings, is_logged) {
        last.extend(named_before(connection, ping)?.map(|named| (ping.id, named)));
    }
    let beside = candidates(connection, &named_beside(pings, is_logged))?;
    let meant = Meant::of(pings, is_logged, &last, &beside);
    let aim = candidates(connection, &meant.projects())?.aim(pings, &meant, at);
    for new in &aim.created {
        job::insert(connection, new.id, new.name.clone(), new.status, at)?;
    }
    for ((subject, name), job) in &aim.assignments {
        diesel::replace_into(capture_projects::table)
            .values((
                capture_projects::subject.eq(subject.as_str()),
                capture_projects::project.eq(name.as_str()),
                capture_projects::related_job.eq(job.as_uuid().into_bytes()),
            ))
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(aim)
}

/// The jobs that these projects have, or could get.
fn candidates(connection: &mut SqliteConnection, asked: &HashSet<ProjectKey>) -> Result<Projects, BackendError> {
    let mut found = assigned(connection, asked)?;
    for name in found.unknown(asked) {
        for form in name.forms() {
            if let Some(job) = named(connection, &form)? {
                found.named.insert(name.clone(), job);
                break;
            }
        }
    }
    Ok(found)
}

statements! {
    /// The latest project that was named before this ping by one of its token that counts. The conditions are written
    /// as in the index.
    Last: (BigInt, Binary, Text) = "
        SELECT at, id, project FROM pings
        WHERE token_id = ? AND status = 'logged' AND project IS NOT NULL AND (at, id) < (?, ?)
        ORDER BY at DESC, id DESC LIMIT 1";
}

fn named_before(connection: &mut SqliteConnection, wanting: &Ping) -> Result<Option<Named>, BackendError> {
    let found: Option<(i64, Vec<u8>, String)> = Sql::<Last>::constant()
        .bind::<Binary, _>(wanting.token.as_uuid().into_bytes())
        .bind::<BigInt, _>(wanting.at.as_micros())
        .bind::<Binary, _>(wanting.id.as_uuid().into_bytes())
        .get_result(connection)
        .optional()
        .map_err(classify)?;
    let Some((at, id, name)) = found else { return Ok(None) };
    let row = row("pings", &id);
    let point = (timestamp(&row, "at", at)?, PingId::new(uuid(&row, "id", &id)?));
    Ok(Some((point, row.column("project", name, |name| JobName::stored(name))?)))
}

/// The jobs of these projects, if the jobs still exist.
fn assigned(connection: &mut SqliteConnection, asked: &HashSet<ProjectKey>) -> Result<Projects, BackendError> {
    let mut found = Projects::default();
    let forms = asked.iter().flat_map(|key| key.1.forms().map(move |form| (key, form)));
    for (key, form) in forms {
        // The composed form of the name comes first.
        if found.assigned.contains_key(key) {
            continue;
        }
        let job: Option<(Vec<u8>, bool)> = capture_projects::table
            .inner_join(jobs::table.on(jobs::id.eq(capture_projects::related_job)))
            .filter(capture_projects::subject.eq(key.0.as_str()).and(capture_projects::project.eq(form.as_ref())))
            .select((capture_projects::related_job, jobs::status.eq("archived")))
            .first(connection)
            .optional()
            .map_err(classify)?;
        if let Some((id, is_archived)) = job {
            let job = JobId::new(uuid(&row("capture_projects", &id), "related_job", &id)?);
            found.assigned.insert(key.clone(), job);
            found.archived.extend(is_archived.then_some(job));
        }
    }
    Ok(found)
}

/// The oldest open job with this name. The condition that it is open is written as in the index.
fn named(connection: &mut SqliteConnection, name: &str) -> Result<Option<JobId>, BackendError> {
    let id: Option<Vec<u8>> = jobs::table
        .filter(jobs::name.eq(name).and(sql::<Bool>("status = 'open'")))
        .order((jobs::created_at, jobs::id))
        .select(jobs::id)
        .first(connection)
        .optional()
        .map_err(classify)?;
    id.map(|id| Ok(JobId::new(uuid(&row("jobs", &id), "id", &id)?))).transpose()
}
