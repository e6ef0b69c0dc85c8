//! Jobs: `/api/v1/jobs` and `/api/v1/jobs/{id}`.

pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::ledger::ports::job::{EntriesOfDeleted, JobChanges, JobCursor, ListJobs};
use stint_domain::ledger::services::JobDraft;
use stint_domain::ledger::{Job, JobName, JobStatus, NamePart};
use stint_domain::values::{JobId, Timestamp, Version};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Resource, Wanted, shown};
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::conditional::{self, ReadCondition};
use crate::cursor::place_in_time;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::{Object as _, input};
use crate::media::Media;
use crate::openapi::Status;
use crate::problem::{Code, Problem};
use crate::query::Query;

pub(crate) const JOBS: &str = "/api/v1/jobs";

place_in_time!(JobCursor, created_at, JobId, "jobs");

// What is sent and received.

/// A job.
#[derive(Serialize, ToSchema)]
#[schema(as = Job)]
pub(crate) struct JobBody<'a> {
    /// Which job.
    id: Uuid,
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: &'a str,
    /// Whether it takes time.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = Status)]
    status: JobStatus,
    /// The sum over its entries.
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_u64)]
    total_minutes: u64,
    /// The URL of its entries.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, format = "uri-reference")]
    time_entries: EntriesUrl<'a>,
    /// When it was created, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// When it last changed, its total included.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    updated_at: Timestamp,
}

input! {
    /// A job to create or replace.
    pub(crate) struct JobInput {
        /// What people call it: trimmed and in NFC, one of its characters visible, no control characters.
        required name: JobName, example "Research";
        /// Whether it takes time; `open` unless given.
        default status: JobStatus, example "open";
    }
}

input! {
    /// The fields of a job to change; what is absent stays.
    pub(crate) struct JobPatch {
        /// A new name.
        optional name: JobName;
        /// Archives or reopens.
        optional status: JobStatus, example "archived";
    }
}

struct EntriesUrl<'a> {
    base: &'a BasePath,
    job: JobId,
}

impl fmt::Display for EntriesUrl<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{JOBS}/{}/time-entries", self.base, self.job)
    }
}

impl Presented for Job {
    type Body<'a> = JobBody<'a>;

    fn body<'a>(&'a self, base: &'a BasePath) -> JobBody<'a> {
        JobBody {
            id: self.id.as_uuid(),
            name: self.name.as_str(),
            status: self.status,
            total_minutes: self.total_minutes.get(),
            time_entries: EntriesUrl { base, job: self.id },
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Resource for Job {
    fn version(&self) -> Version {
        self.version
    }

    fn url(&self) -> String {
        format!("{JOBS}/{}", self.id)
    }
}

// Handlers.

async fn list(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let mut query = Query::of(&call.request, &["status", "q", "limit", "cursor"]);
    let status = query.optional("status", str::parse);
    let name_part = query.optional("q", NamePart::new);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let page = call.api.ledger.jobs.list(&principal, ListJobs { status, name_part, size, after }).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn create(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    Query::none(&call.request)?;
    let body = call.body(Media::Json, call.api.limits.body_bytes).await?;
    let idempotency = idempotency::of(&call.request, call.path(), &body, principal.token)?;
    let JobInput { name, status } = body.parse(JobInput::read).await?;
    let applied = call.api.ledger.jobs.create(&principal, JobDraft { name, status }, idempotency).await?;
    answer::applied(applied, |job| answer::created(&call, &job))
}

async fn read(call: Call) -> Answer {
    let (principal, id): (_, JobId) = call.on(OrOwn(Scope::Read)).await?;
    let condition = ReadCondition::of(call.headers())?;
    match call.api.ledger.jobs.find(&principal, id).await? {
        Some(job) => answer::read(&call, &job, &condition),
        None => Err(Problem::new(Code::NotFound, format!("there is no job {id}"))),
    }
}

async fn put(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(Scope::Write).await?;
    let JobInput { name, status } = call.input(Media::Json).await?;
    let put = call.api.ledger.jobs.put(&principal, id, JobDraft { name, status }, precondition).await?;
    answer::put(&call, &principal, put)
}

async fn patch(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(Scope::Write).await?;
    let JobPatch { name, status } = call.input(Media::MergePatch).await?;
    let job = call.api.ledger.jobs.update(&principal, id, JobChanges { name, status }, precondition).await?;
    answer::changed(&call, &principal, &job)
}

async fn delete(call: Call) -> Answer {
    let (principal, id) = (call.principal(Scope::Write).await?, call.id()?);
    let mut query = Query::of(&call.request, &["entries"]);
    let entries = query.optional("entries", |value| match value {
        "delete" => Ok(EntriesOfDeleted::Delete),
        _ => Err("must be `delete`"),
    });
    query.finish()?;
    let precondition = conditional::for_write(call.headers())?;
    call.api.ledger.jobs.delete(&principal, id, entries.unwrap_or_default(), precondition).await?;
    Ok(answer::deleted())
}
