//! Runs of background tasks: `/api/v1/tasks`. Workers run them, never a request.

pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::background::ports::task::{ListTaskRuns, TaskRun, TaskRunCursor, TaskState};
use stint_domain::values::{Subject, TaskRunId, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Wanted, shown, shown_or_null};
use crate::base_path::BasePath;
use crate::cursor::place_in_time;
use crate::exchange::{Answer, Call};
use crate::query::Query;

place_in_time!(TaskRunCursor, started_at, TaskRunId, "tasks");

/// One run of a task.
#[derive(Serialize, ToSchema)]
#[schema(as = TaskRun)]
pub(crate) struct TaskRunBody<'a> {
    /// Which run.
    id: Uuid,
    /// The task's name.
    task: &'a str,
    /// When it was to begin.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    due: Timestamp,
    /// Which attempt this is, from 1.
    #[schema(minimum = 1)]
    attempt: u32,
    /// How it stands: `running`, `succeeded`, `failed` (it is tried again) or `dead` (a person must look).
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String)]
    state: TaskState,
    /// What it did, or why it failed; empty while it runs.
    detail: &'a str,
    /// Who ran it: the name of a process.
    instance: &'a str,
    /// When it began.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    started_at: Timestamp,
    /// Until when it may run. A run that has not ended by then is given up.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    until: Timestamp,
    /// When it ended; null while it has not.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    ended_at: Option<Timestamp>,
}

impl Presented for TaskRun {
    type Body<'a> = TaskRunBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> TaskRunBody<'a> {
        TaskRunBody {
            id: self.id.as_uuid(),
            task: &self.task,
            due: self.due,
            attempt: self.attempt,
            state: self.state,
            detail: &self.detail,
            instance: &self.instance,
            started_at: self.started_at,
            until: self.until,
            ended_at: self.ended_at,
        }
    }
}

async fn list(call: Call) -> Answer {
    let principal = call.principal(Scope::Read).await?;
    let mut query = Query::of(&call.request, &["task", "state", "limit", "cursor"]);
    // The limits are those of other names.
    let task = query.optional("task", |text| Subject::new(text).map(|name| name.as_str().to_owned()));
    let state = query.optional("state", str::parse);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let page = call.api.tasks.list(&principal, ListTaskRuns { task, state, size, after }).await?;
    answer::page(&call, &query, &filters, &page)
}
