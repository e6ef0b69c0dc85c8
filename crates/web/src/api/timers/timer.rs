//! One's own timer: `/api/v1/timer`, `/api/v1/timer/start` and `/api/v1/timer/stop`.

pub(in crate::api) mod routes;

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde::Serialize;
use stint_domain::access::{Principal, Scope};
use stint_domain::ledger::WorkSummary;
use stint_domain::people::services::NotAPerson;
use stint_domain::timers::ports::timer::{StoppedTimer, TimerChanges};
use stint_domain::timers::services::{StopDraft, TimerDraft};
use stint_domain::timers::{Timer, TimerEnd, TimerMinutes};
use stint_domain::values::{JobId, TimerId, Timestamp, Version};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Resource, shown};
use crate::api::ledger::time_entries::TimeEntryBody;
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::conditional::{self, ReadCondition};
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::input;
use crate::media::Media;
use crate::problem::{Code, FieldError, Problem};
use crate::query::Query;

pub(in crate::api) const TIMER: &str = "/api/v1/timer";

/// Why starting a timer takes no idempotency key.
const NO_REPLAY: &str = "a repeat ends the timer that the first request started, and starts another";

// What is sent and received.

/// What somebody is doing now.
#[derive(Serialize, ToSchema)]
#[schema(as = Timer)]
pub(crate) struct TimerBody<'a> {
    /// Which timer.
    id: Uuid,
    /// The job that gets the time.
    related_job: Uuid,
    /// What is being done.
    #[schema(max_length = 4000)]
    work_summary: &'a str,
    /// Since when, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    started_at: Timestamp,
}

/// A timer that has ended, with the time that it logged.
#[derive(Serialize, ToSchema)]
#[schema(as = StoppedTimer)]
pub(crate) struct StoppedTimerBody<'a> {
    /// Which timer.
    id: Uuid,
    /// How many minutes it logged: 0 if it ran for less than half a minute.
    #[schema(minimum = 0, maximum = 527_040)]
    minutes: u32,
    /// The entries that it made and that still exist: one per day, or two on a day of more than 1440 minutes. A token with
    /// `write` alone gets none.
    entries: Vec<TimeEntryBody<'a>>,
}

/// A timer that was started, and the one that it ended.
#[derive(Serialize, ToSchema)]
#[schema(as = StartedTimer)]
pub(crate) struct StartedTimerBody<'a> {
    /// The timer that runs now.
    timer: TimerBody<'a>,
    /// The timer that ran before; null if none did.
    #[schema(required)]
    stopped: Option<StoppedTimerBody<'a>>,
}

input! {
    /// What somebody begins to do.
    pub(crate) struct StartTimerInput {
        /// The job that gets the time; it must be open.
        required related_job: JobId, example "01890a5d-ac96-774b-bcce-b302099a8057";
        /// What is being done. Null is empty.
        default work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
        /// Since when, within the last 365 days; now, unless given. Up to a minute ahead counts as now.
        default started_at: Option<Timestamp>, example "2026-01-02T09:00:00Z";
    }
}

input! {
    /// The fields of the running timer to change; what is absent stays.
    pub(crate) struct TimerPatch {
        /// Another job, which must be open.
        optional related_job: JobId;
        /// Another description; null makes it empty.
        optional work_summary: Option<WorkSummary>, example "Read the papers on keyset pages.";
        /// Another start, within the last 365 days.
        optional started_at: Timestamp;
    }
}

input! {
    /// Which timer ends, and when the work ended: now, unless `at` or `minutes` tells.
    pub(crate) struct StopTimerInput {
        /// The timer.
        required id: TimerId, example "01890a5e-3d4f-7a6b-8c1d-2e3f4a5b6c7d";
        /// When the work ended: not before the start, not ahead. Not together with `minutes`.
        default at: Option<Timestamp>, example "2026-01-02T10:30:00Z";
        /// How long the work lasted: at most the minutes since the start, with the one that has begun. Not with `at`.
        default minutes: Option<TimerMinutes>;
        /// Another job for the time, where the timer's own is archived or deleted.
        default related_job: Option<JobId>;
    }
}

impl Presented for Timer {
    type Body<'a> = TimerBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> TimerBody<'a> {
        TimerBody {
            id: self.id.as_uuid(),
            related_job: self.related_job.as_uuid(),
            work_summary: self.work_summary.as_str(),
            started_at: self.started_at,
        }
    }
}

impl Resource for Timer {
    fn version(&self) -> Version {
        self.version
    }

    fn url(&self) -> String {
        TIMER.to_owned()
    }
}

impl Presented for StoppedTimer {
    type Body<'a> = StoppedTimerBody<'a>;

    fn body<'a>(&'a self, base: &'a BasePath) -> StoppedTimerBody<'a> {
        let entries = self.entries.iter().map(|entry| entry.body(base)).collect();
        StoppedTimerBody { id: self.id.as_uuid(), minutes: self.minutes, entries }
    }
}

impl From<StartTimerInput> for TimerDraft {
    fn from(input: StartTimerInput) -> Self {
        let StartTimerInput { related_job, work_summary, started_at } = input;
        Self { related_job, work_summary: work_summary.unwrap_or_default(), started_at }
    }
}

impl From<TimerPatch> for TimerChanges {
    fn from(patch: TimerPatch) -> Self {
        let TimerPatch { related_job, work_summary, started_at } = patch;
        Self { related_job, work_summary: work_summary.map(Option::unwrap_or_default), started_at }
    }
}

/// A program has no timer, whatever it sends.
fn require_person(principal: &Principal) -> Result<(), Problem> {
    principal.person.map(drop).ok_or_else(|| NotAPerson.into())
}

fn end(at: Option<Timestamp>, minutes: Option<TimerMinutes>) -> Result<TimerEnd, Problem> {
    match (at, minutes) {
        (None, None) => Ok(TimerEnd::Now),
        (Some(at), None) => Ok(TimerEnd::At(at)),
        (None, Some(minutes)) => Ok(TimerEnd::After(minutes)),
        (Some(_), Some(minutes)) => {
            let detail = format!("must not be given together with `at`, got {minutes}");
            let problem = Problem::new(Code::ValidationFailed, format!("/minutes: {detail}"));
            Err(problem.with_errors(vec![FieldError::at("/minutes", detail)]))
        }
    }
}

// Handlers.

async fn read(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    Query::none(&call.request)?;
    let condition = ReadCondition::of(call.headers())?;
    match call.api.timers.read(&principal).await? {
        Some(timer) => answer::read(&call, &timer, &condition),
        None => Ok(HttpResponse::NoContent().insert_header((header::CACHE_CONTROL, "private, no-cache")).finish()),
    }
}

async fn start(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let input: StartTimerInput = call.input(Media::Json).await?;
    let started = call.api.timers.start(&principal, input.into()).await?;
    let base = call.base_path();
    let stopped = started.stopped.as_ref().map(|stopped| stopped.body(base));
    let body = StartedTimerBody { timer: started.timer.body(base), stopped };
    let response = answer::tagged(answer::json(StatusCode::CREATED, &body)?, &started.timer);
    Ok(answer::located(response, &call, TIMER))
}

async fn patch(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    let patch: TimerPatch = call.input(Media::MergePatch).await?;
    let timer = call.api.timers.update(&principal, patch.into(), precondition).await?;
    answer::changed(&call, &principal, &timer)
}

async fn stop(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    let StopTimerInput { id, at, minutes, related_job } = call.input(Media::Json).await?;
    require_person(&principal)?;
    let draft = StopDraft { id, end: end(at, minutes)?, related_job };
    let mut stopped = call.api.timers.stop(&principal, draft).await?;
    if !answer::sees(&principal) {
        // Others may have changed them since.
        stopped.entries.clear();
    }
    answer::json(StatusCode::OK, &stopped.body(call.base_path()))
}

async fn discard(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    let precondition = conditional::for_write(call.headers())?;
    call.api.timers.discard(&principal, precondition).await?;
    Ok(answer::deleted())
}
