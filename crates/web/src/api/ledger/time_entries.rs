//! Time entries: `/api/v1/time-entries`, `/api/v1/time-entries/{id}` and `/api/v1/jobs/{id}/time-entries`.

pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use chrono::{Datelike, NaiveDate};
use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::ledger::ports::time_entry::{ListTimeEntries, TimeEntryChanges, TimeEntryCursor};
use stint_domain::ledger::services::TimeEntryDraft;
use stint_domain::ledger::{Minutes, TimeEntry, WorkSummary};
use stint_domain::people::Handle;
use stint_domain::values::{DateRange, DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Resource, Wanted, shown};
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::conditional::ReadCondition;
use crate::cursor::Place;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::{Object, input};
use crate::media::Media;
use crate::problem::{Code, Problem};
use crate::query::Query;

pub(in crate::api) const TIME_ENTRIES: &str = "/api/v1/time-entries";

impl Place for TimeEntryCursor {
    const LISTING: &str = "time-entries";

    fn parts(&self) -> (i64, Uuid) {
        (i64::from(self.date_stamp.as_date().num_days_from_ce()), self.id.as_uuid())
    }

    fn from_parts(key: i64, id: Uuid) -> Option<Self> {
        let date = NaiveDate::from_num_days_from_ce_opt(i32::try_from(key).ok()?)?;
        Some(Self { date_stamp: DateStamp::new(date).ok()?, id: TimeEntryId::new(id) })
    }
}

// What is sent and received.

/// Minutes worked on one date for one job.
#[derive(Serialize, ToSchema)]
#[schema(as = TimeEntry)]
pub(crate) struct TimeEntryBody<'a> {
    /// Which entry.
    id: Uuid,
    /// The job whose total these minutes are part of.
    related_job: Uuid,
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
    /// The subject whose work it was: that of the token that logged it, unless it named a person.
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
    /// A time entry to log at the URL of its job.
    pub(crate) struct TimeEntryOfJobInput {
        /// How long, in whole minutes.
        required minutes_worked: Minutes, example 90;
        /// On which date, 0001-01-01 to 9999-12-31.
        required date_stamp: DateStamp, example "2026-01-02";
        /// What was done. May have line breaks and tabs but no other control characters. Null is empty.
        default work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
        /// The handle of the person whose work it was: you, unless you may log for others (`write`).
        default created_by: Option<Handle>;
        unknown "; the job is that of the URL";
    }
}

input! {
    /// A time entry to create or replace.
    pub(crate) struct TimeEntryInput {
        /// The job whose total these minutes become part of.
        required related_job: JobId, example "01890a5d-ac96-774b-bcce-b302099a8057";
        /// How long, in whole minutes.
        required minutes_worked: Minutes, example 90;
        /// On which date, 0001-01-01 to 9999-12-31.
        required date_stamp: DateStamp, example "2026-01-02";
        /// What was done. May have line breaks and tabs but no other control characters. Null is empty.
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

impl From<TimeEntryInput> for TimeEntryDraft {
    fn from(input: TimeEntryInput) -> Self {
        let TimeEntryInput { related_job, minutes_worked, date_stamp, work_summary } = input;
        let (work_summary, created_by) = (work_summary.unwrap_or_default(), None);
        Self { related_job, minutes_worked, date_stamp, work_summary, created_by }
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
            id: self.id.as_uuid(),
            related_job: self.related_job.as_uuid(),
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

/// Reads the filters that both listings share.
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
    ListTimeEntries { dates, created_by, ..ListTimeEntries::default() }
}

// Handlers.

async fn list(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let known = &["related_job", "from", "to", "created_by", "limit", "cursor"];
    let mut query = Query::of(&call.request, known);
    let related_job = query.optional("related_job", str::parse);
    let filter = filter(&mut query);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let listing = ListTimeEntries { related_job, size, after, ..filter };
    let page = call.api.ledger.time_entries.list(&principal, listing).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn list_of_job(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let job: JobId = call.id()?;
    let mut query = Query::of(&call.request, &["from", "to", "created_by", "limit", "cursor"]);
    let filter = filter(&mut query);
    let Wanted { size, after, filters } = Wanted::of(&mut query, &format!("{job}?"))?;
    let listing = ListTimeEntries { size, after, ..filter };
    let page = call.api.ledger.time_entries.list_of_job(&principal, job, listing).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn record(call: Call) -> Answer {
    let (principal, related_job) = call.on(OrOwn(Scope::Write)).await?;
    let body = call.body(Media::Json, call.api.limits.body_bytes).await?;
    let idempotency = idempotency::of(&call.request, call.path(), &body, principal.token)?;
    let input: TimeEntryOfJobInput = body.parse(Object::read).await?;
    let TimeEntryOfJobInput { minutes_worked, date_stamp, work_summary, created_by } = input;
    let created_by = match created_by {
        Some(handle) => Some(call.author(&principal, handle, "/created_by").await?),
        None => None,
    };
    let work_summary = work_summary.unwrap_or_default();
    let draft = TimeEntryDraft { related_job, minutes_worked, date_stamp, work_summary, created_by };
    let applied = call.api.ledger.time_entries.record(&principal, draft, idempotency).await?;
    answer::applied(applied, |entry| answer::created(&call, &entry))
}

async fn read(call: Call) -> Answer {
    let (principal, id): (_, TimeEntryId) = call.on(OrOwn(Scope::Read)).await?;
    let condition = ReadCondition::of(call.headers())?;
    match call.api.ledger.time_entries.find(&principal, id).await? {
        Some(entry) => answer::read(&call, &entry, &condition),
        None => Err(Problem::new(Code::NotFound, format!("there is no time entry {id}"))),
    }
}

async fn put(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(OrOwn(Scope::Write)).await?;
    let input: TimeEntryInput = call.input(Media::Json).await?;
    let put = call.api.ledger.time_entries.put(&principal, id, input.into(), precondition).await?;
    answer::put(&call, &principal, put)
}

async fn patch(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(OrOwn(Scope::Write)).await?;
    let patch: TimeEntryPatch = call.input(Media::MergePatch).await?;
    let entry = call.api.ledger.time_entries.update(&principal, id, patch.into(), precondition).await?;
    answer::changed(&call, &principal, &entry)
}

async fn delete(call: Call) -> Answer {
    let (principal, id, precondition) = call.changing(OrOwn(Scope::Write)).await?;
    call.api.ledger.time_entries.delete(&principal, id, precondition).await?;
    Ok(answer::deleted())
}
