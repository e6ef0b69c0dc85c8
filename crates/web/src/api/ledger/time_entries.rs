//! Time entries: `/api/v1/time-entries`, `/api/v1/time-entries/{id}` and `/api/v1/jobs/{id}/time-entries`.

pub(crate) mod describe;
#[cfg(test)]
mod tests;

use actix_web::HttpResponse;
use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    DeleteTimeEntryError, ListTimeEntries, PutTimeEntryError, RecordRefusal, RecordTimeError, TimeEntryChanges,
    UpdateTimeEntryError,
};
use stint_domain::ledger::services::{ListJobEntriesError, TimeEntryDraft};
use stint_domain::ledger::{Minutes, TimeEntry, WorkSummary};
use stint_domain::values::{DateRange, DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};
use utoipa::ToSchema;

use crate::api::answer::{Presented, Resource, shown};
use crate::api::{TIME_ENTRIES, answer};
use crate::base_path::BasePath;
use crate::conditional::{self, ReadCondition};
use crate::exchange::{Answer, Call};
use crate::fields::{self, Fields};
use crate::json::Json;
use crate::media::Media;
use crate::openapi::Summary;
use crate::problem::{Code, Errors, FieldError, Problem};
use crate::query::{self, Query};
use crate::{cursor, idempotency};

// How refusals become problems.

impl From<RecordTimeError> for Problem {
    /// Time is logged at a job's URL, so a job that there is not is a missing resource.
    fn from(error: RecordTimeError) -> Self {
        match error {
            RecordTimeError::KeyReused => Self::key_reused(),
            // The id came from the generator, never from the caller.
            RecordTimeError::Refused(RecordRefusal::IdTaken(_)) => Self::defect(&error),
            RecordTimeError::Refused(RecordRefusal::JobNotFound(_)) => Self::new(Code::NotFound, error.to_string()),
            RecordTimeError::Refused(RecordRefusal::JobArchived(id)) => job_archived(id),
            RecordTimeError::Backend(error) => error.into(),
        }
    }
}

impl From<PutTimeEntryError> for Problem {
    fn from(error: PutTimeEntryError) -> Self {
        match error {
            PutTimeEntryError::Precondition(failed) => failed.into(),
            PutTimeEntryError::JobNotFound(id) => unknown_job(id),
            PutTimeEntryError::JobArchived(id) => a_job_archived(id),
            PutTimeEntryError::Backend(error) => error.into(),
        }
    }
}

impl From<UpdateTimeEntryError> for Problem {
    fn from(error: UpdateTimeEntryError) -> Self {
        match error {
            UpdateTimeEntryError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            UpdateTimeEntryError::Precondition(failed) => failed.into(),
            UpdateTimeEntryError::JobNotFound(id) => unknown_job(id),
            UpdateTimeEntryError::JobArchived(id) => a_job_archived(id),
            UpdateTimeEntryError::Backend(error) => error.into(),
        }
    }
}

impl From<DeleteTimeEntryError> for Problem {
    fn from(error: DeleteTimeEntryError) -> Self {
        match error {
            DeleteTimeEntryError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            DeleteTimeEntryError::Precondition(failed) => failed.into(),
            DeleteTimeEntryError::JobArchived(id) => a_job_archived(id),
            DeleteTimeEntryError::Backend(error) => error.into(),
        }
    }
}

impl From<ListJobEntriesError> for Problem {
    fn from(error: ListJobEntriesError) -> Self {
        match error {
            ListJobEntriesError::JobNotFound(_) => Self::new(Code::NotFound, error.to_string()),
            ListJobEntriesError::Backend(error) => error.into(),
        }
    }
}

fn job_archived(id: JobId) -> Problem {
    Problem::new(Code::JobArchived, format!("the job {id} is archived; it takes time again once it is open"))
}

/// The same, where the job may be that of the entry as it was, which the caller need not know.
fn a_job_archived(id: JobId) -> Problem {
    job_archived(id).for_readers()
}

fn unknown_job(id: JobId) -> Problem {
    let detail = format!("there is no job {id}");
    Problem::new(Code::UnknownJob, detail.clone()).with_errors(vec![FieldError::at("/related_job", detail)])
}

// What is sent and received.

/// Minutes worked on one date for one job.
#[derive(Serialize, ToSchema)]
#[schema(as = TimeEntry)]
pub(crate) struct TimeEntryBody<'a> {
    /// Which entry.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = uuid::Uuid)]
    id: TimeEntryId,
    /// The job whose total these minutes are part of.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = uuid::Uuid)]
    related_job: JobId,
    /// How long.
    #[schema(minimum = 1, maximum = 1440)]
    minutes_worked: u16,
    /// On which date.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::NaiveDate)]
    date_stamp: DateStamp,
    /// What was done.
    #[schema(max_length = 4000)]
    work_summary: &'a str,
    /// Who logged it: the subject of the token that did.
    #[schema(min_length = 1, max_length = 120)]
    created_by: &'a str,
    /// When it was created, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// When it last changed.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    updated_at: Timestamp,
}

/// What a caller says of an entry at its job's URL.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `draft_of_job` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeEntryOfJobInput {
    /// How long, in whole minutes.
    #[schema(minimum = 1, maximum = 1440)]
    minutes_worked: u16,
    /// On which date, 0001-01-01 to 9999-12-31.
    date_stamp: chrono::NaiveDate,
    /// What was done, 0 to 4000 characters; lines and tabs may occur, other control characters not. Null is empty.
    #[schema(value_type = Option<Summary>)]
    work_summary: Option<String>,
}

/// What a caller says of an entry.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `draft` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeEntryInput {
    /// The job whose total these minutes become part of.
    related_job: uuid::Uuid,
    /// How long, in whole minutes.
    #[schema(minimum = 1, maximum = 1440)]
    minutes_worked: u16,
    /// On which date, 0001-01-01 to 9999-12-31.
    date_stamp: chrono::NaiveDate,
    /// What was done, 0 to 4000 characters; lines and tabs may occur, other control characters not. Null is empty.
    #[schema(value_type = Option<Summary>)]
    work_summary: Option<String>,
}

/// The fields of an entry to change; what is absent stays.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `changes` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct TimeEntryPatch {
    /// Another job: moves the minutes from one total to the other.
    #[schema(required = false)]
    related_job: uuid::Uuid,
    /// Other minutes.
    #[schema(required = false, minimum = 1, maximum = 1440)]
    minutes_worked: u16,
    /// Another date.
    #[schema(required = false)]
    date_stamp: chrono::NaiveDate,
    /// Another summary; null takes it away.
    #[schema(value_type = Option<Summary>)]
    work_summary: Option<String>,
}

impl Presented for TimeEntry {
    type Body<'a> = TimeEntryBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> TimeEntryBody<'a> {
        TimeEntryBody {
            id: self.id,
            related_job: self.related_job,
            minutes_worked: self.minutes_worked.get(),
            date_stamp: self.date_stamp,
            work_summary: self.work_summary.as_str(),
            created_by: self.created_by.as_str(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

impl Resource for TimeEntry {
    fn version(&self) -> Version {
        self.version
    }

    fn url(&self) -> String {
        format!("{TIME_ENTRIES}/{}", self.id)
    }
}

/// Reads an entry at `pointer`: that of the body, or one of a batch.
pub(in crate::api) fn draft(json: Json<'_>, pointer: &str, errors: &mut Errors) -> Option<TimeEntryDraft> {
    let mut fields = Fields::new(json, pointer, errors);
    let related_job = fields.required("related_job", fields::job_id);
    let work = work(&mut fields);
    fields.finish("`related_job`, `minutes_worked`, `date_stamp` and `work_summary`");
    let (related_job, (minutes_worked, date_stamp, work_summary)) = (related_job?, work?);
    Some(TimeEntryDraft { related_job, minutes_worked, date_stamp, work_summary })
}

fn draft_of_job(json: Json<'_>, related_job: JobId) -> Result<TimeEntryDraft, Problem> {
    let mut errors = Errors::default();
    let mut fields = Fields::new(json, "", &mut errors);
    let work = work(&mut fields);
    fields.finish("`minutes_worked`, `date_stamp` and `work_summary`; the job is that of the URL");
    let (minutes_worked, date_stamp, work_summary) = errors.check(work)?;
    Ok(TimeEntryDraft { related_job, minutes_worked, date_stamp, work_summary })
}

fn work(fields: &mut Fields<'_, '_>) -> Option<(Minutes, DateStamp, WorkSummary)> {
    let minutes_worked = fields.required("minutes_worked", fields::minutes);
    let date_stamp = fields.required("date_stamp", fields::date_stamp);
    let work_summary = fields.optional("work_summary", fields::work_summary);
    Some((minutes_worked?, date_stamp?, work_summary.unwrap_or_default()))
}

fn changes(json: Json<'_>) -> Result<TimeEntryChanges, Problem> {
    let mut errors = Errors::default();
    let mut fields = Fields::new(json, "", &mut errors);
    let changes = TimeEntryChanges {
        related_job: fields.optional("related_job", fields::job_id),
        minutes_worked: fields.optional("minutes_worked", fields::minutes),
        date_stamp: fields.optional("date_stamp", fields::date_stamp),
        work_summary: fields.optional("work_summary", fields::work_summary),
    };
    fields.finish("`related_job`, `minutes_worked`, `date_stamp` and `work_summary`");
    errors.check(Some(changes))
}

/// Reads what the two listings have in common, but for the cursor.
fn filter(query: &mut Query<'_>) -> ListTimeEntries {
    let (from, to) = (query.optional("from", str::parse), query.optional("to", str::parse));
    let dates = DateRange::new(from, to).unwrap_or_else(|error| {
        query.refuse(
            "from",
            format!("{error}, got {}", from.map(|from: DateStamp| from.to_string()).unwrap_or_default()),
        );
        DateRange::default()
    });
    let created_by = query.optional("created_by", Subject::new);
    let size = query.optional("limit", query::page_size).unwrap_or_default();
    ListTimeEntries { related_job: None, dates, created_by, size, after: None }
}

// Handlers.

pub(crate) async fn list(call: Call) -> Answer {
    let principal = call.principal(Scope::Read).await?;
    let known = &["related_job", "from", "to", "created_by", "limit", "cursor"];
    let mut query = Query::of(&call.request, known);
    let related_job = query.optional("related_job", str::parse);
    let wanted = ListTimeEntries { related_job, ..filter(&mut query) };
    let filters = query.filters();
    let after = query.optional("cursor", |token| cursor::read(token, &filters));
    query.finish()?;
    let page = call.api.time_entries.list(&principal, ListTimeEntries { after, ..wanted }).await?;
    answer::page(&call, &query, &filters, &page)
}

pub(crate) async fn list_of_job(call: Call) -> Answer {
    let principal = call.principal(Scope::Read).await?;
    let job: JobId = call.id()?;
    let mut query = Query::of(&call.request, &["from", "to", "created_by", "limit", "cursor"]);
    let wanted = filter(&mut query);
    // A job's cursor is none for another job.
    let filters = format!("{job}?{}", query.filters());
    let after = query.optional("cursor", |token| cursor::read(token, &filters));
    query.finish()?;
    let page = call.api.time_entries.list_of_job(&principal, job, ListTimeEntries { after, ..wanted }).await?;
    answer::page(&call, &query, &filters, &page)
}

pub(crate) async fn record(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    let job = call.id()?;
    Query::none(&call.request)?;
    let body = call.body(Media::Json, call.api.limits.body_bytes).await?;
    let idempotency = idempotency::of(&call.request, call.path(), &body, principal.token)?;
    let draft = body.parse(|json| draft_of_job(json, job)).await?;
    let applied = call.api.time_entries.record(&principal, draft, idempotency).await?;
    answer::applied(applied, |entry| answer::created(&call, &entry))
}

pub(crate) async fn read(call: Call) -> Answer {
    let principal = call.principal(Scope::Read).await?;
    let id: TimeEntryId = call.id()?;
    Query::none(&call.request)?;
    let condition = ReadCondition::of(call.headers())?;
    match call.api.time_entries.find(&principal, id).await? {
        Some(entry) => answer::read(&call, &entry, &condition),
        None => Err(Problem::new(Code::NotFound, format!("there is no time entry {id}"))),
    }
}

pub(crate) async fn put(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    let id = call.id()?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    let body = call.body(Media::Json, call.api.limits.body_bytes).await?;
    let whole = |json| {
        let mut errors = Errors::default();
        let draft = draft(json, "", &mut errors);
        errors.check(draft)
    };
    let draft = body.parse(whole).await?;
    match call.api.time_entries.put(&principal, id, draft, precondition).await? {
        Put::Created(entry) => answer::created(&call, &entry),
        Put::Replaced(entry) => answer::changed(&call, &principal, &entry),
    }
}

pub(crate) async fn patch(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    let id = call.id()?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    let body = call.body(Media::MergePatch, call.api.limits.body_bytes).await?;
    let changes = body.parse(changes).await?;
    let entry = call.api.time_entries.update(&principal, id, changes, precondition).await?;
    answer::changed(&call, &principal, &entry)
}

pub(crate) async fn delete(call: Call) -> Answer {
    let principal = call.principal(Scope::Write).await?;
    let id = call.id()?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    call.api.time_entries.delete(&principal, id, precondition).await?;
    Ok(HttpResponse::NoContent().finish())
}
