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
use crate::input::{Object as _, input};
use crate::media::Media;
use crate::problem::{Code, FieldError, Problem};
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

input! {
    /// What a caller says of an entry at its job's URL.
    pub(crate) struct TimeEntryOfJobInput {
        /// How long, in whole minutes.
        required minutes_worked: Minutes, example 90;
        /// On which date, 0001-01-01 to 9999-12-31.
        required date_stamp: DateStamp, example "2026-01-02";
        /// What was done; lines and tabs may occur, other control characters not. Null is empty.
        default work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
        unknown "; the job is that of the URL";
    }
}

input! {
    /// What a caller says of an entry.
    pub(crate) struct TimeEntryInput {
        /// The job whose total these minutes become part of.
        required related_job: JobId, example "01890a5d-ac96-774b-bcce-b302099a8057";
        /// How long, in whole minutes.
        required minutes_worked: Minutes, example 90;
        /// On which date, 0001-01-01 to 9999-12-31.
        required date_stamp: DateStamp, example "2026-01-02";
        /// What was done; lines and tabs may occur, other control characters not. Null is empty.
        default work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
    }
}

input! {
    /// The fields of an entry to change; what is absent stays.
    pub(crate) struct TimeEntryPatch {
        /// Another job: moves the minutes from one total to the other.
        optional related_job: JobId;
        /// Other minutes.
        optional minutes_worked: Minutes, example 45;
        /// Another date.
        optional date_stamp: DateStamp;
        /// Another summary; null takes it away.
        optional work_summary: Option<WorkSummary>;
    }
}

impl TimeEntryOfJobInput {
    fn into_draft(self, related_job: JobId) -> TimeEntryDraft {
        let Self { minutes_worked, date_stamp, work_summary } = self;
        TimeEntryInput { related_job, minutes_worked, date_stamp, work_summary }.into()
    }
}

impl From<TimeEntryInput> for TimeEntryDraft {
    fn from(input: TimeEntryInput) -> Self {
        let TimeEntryInput { related_job, minutes_worked, date_stamp, work_summary } = input;
        Self { related_job, minutes_worked, date_stamp, work_summary: work_summary.unwrap_or_default() }
    }
}

impl From<TimeEntryPatch> for TimeEntryChanges {
    fn from(patch: TimeEntryPatch) -> Self {
        let TimeEntryPatch { related_job, minutes_worked, date_stamp, work_summary } = patch;
        Self { related_job, minutes_worked, date_stamp, work_summary: work_summary.map(Option::unwrap_or_default) }
    }
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
    let draft = body.parse(TimeEntryOfJobInput::read).await?.into_draft(job);
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
    let draft = body.parse(TimeEntryInput::read).await?.into();
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
    let changes = body.parse(TimeEntryPatch::read).await?.into();
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
