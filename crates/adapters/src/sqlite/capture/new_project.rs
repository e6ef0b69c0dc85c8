//! Counted projects in SQLite.
//!
//! A reader answers most questions. Only when a project must be counted, the question is answered again under the
//! write lock.

use std::collections::HashSet;

use async_trait::async_trait;
use diesel::SqliteConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use stint_domain::BackendError;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::ledger::JobName;

use crate::capture::new_project::{Admission, AskedProjects};
use crate::sqlite::Sqlite;
use crate::sqlite::error::classify;
use crate::sqlite::rows::row;
use crate::sqlite::schema::{capture_new_projects, capture_projects, jobs};

#[async_trait]
impl NewProjects for Sqlite {
    async fn admit(&self, command: AdmitProjects) -> Result<Vec<bool>, BackendError> {
        let asked = command.clone();
        let Admission { admitted, new } = self.read(move |connection| admission(connection, &asked)).await?;
        if new.is_empty() {
            return Ok(admitted);
        }
        self.write(move |connection| count(connection, &command)).await
    }
}

fn count(connection: &mut SqliteConnection, command: &AdmitProjects) -> Result<Vec<bool>, BackendError> {
    // Another transaction may have counted in the meantime.
    let Admission { admitted, new } = admission(connection, command)?;
    if new.is_empty() {
        return Ok(admitted);
    }
    let (token, day) = (command.token.as_uuid().into_bytes(), command.day.to_string());
    let of_token = capture_new_projects::table.filter(capture_new_projects::token_id.eq(token));
    diesel::delete(of_token.filter(capture_new_projects::day.lt(&day))).execute(connection).map_err(classify)?;
    for project in &new {
        diesel::insert_into(capture_new_projects::table)
            .values((
                capture_new_projects::token_id.eq(token),
                capture_new_projects::day.eq(&day),
                capture_new_projects::project.eq(project.as_str()),
            ))
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(admitted)
}

fn admission(connection: &mut SqliteConnection, command: &AdmitProjects) -> Result<Admission, BackendError> {
    let mut asked = AskedProjects { with_job: HashSet::new(), counted: counted(connection, command)? };
    for project in command.projects.iter().filter(|project| !asked.counted.contains(project)) {
        for form in project.forms() {
            if stands(connection, command, &form)? {
                asked.with_job.insert(project.clone());
            }
        }
    }
    Ok(asked.admit(command))
}

fn counted(connection: &mut SqliteConnection, command: &AdmitProjects) -> Result<HashSet<JobName>, BackendError> {
    let token = command.token.as_uuid().into_bytes();
    let names: Vec<String> = capture_new_projects::table
        .filter(capture_new_projects::token_id.eq(token))
        .filter(capture_new_projects::day.eq(command.day.to_string()))
        .select(capture_new_projects::project)
        .load(connection)
        .map_err(classify)?;
    let place = row("capture_new_projects", &token);
    names.into_iter().map(|name| place.column("project", name, |name| JobName::stored(name))).collect()
}

/// Whether the project has a job. The condition that a job is open is written as in the index.
fn stands(connection: &mut SqliteConnection, command: &AdmitProjects, project: &str) -> Result<bool, BackendError> {
    let own = capture_projects::table
        .find((command.subject.as_str(), project))
        .filter(capture_projects::related_job.eq_any(jobs::table.select(jobs::id)));
    let open = jobs::table.filter(jobs::name.eq(project).and(sql::<Bool>("status = 'open'")));
    let has_own: bool = diesel::select(diesel::dsl::exists(own)).get_result(connection).map_err(classify)?;
    Ok(has_own || diesel::select(diesel::dsl::exists(open)).get_result(connection).map_err(classify)?)
}
