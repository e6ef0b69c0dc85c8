//! Pings that came in, and what became of them: `/api/v1/pings` and `/api/v1/pings/{id}`.

pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::Scope;
use stint_domain::capture::ports::ping::{PingCursor, PingStatus};
use stint_domain::capture::services::{ListTrackedPings, TrackedPing};
use stint_domain::capture::{PingOutcome, PingTarget};
use stint_domain::ledger::{Minutes, WorkSummary};
use stint_domain::values::{JobId, PingId, Timestamp};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Wanted, shown, shown_or_null};
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::cursor::place_in_time;
use crate::exchange::{Answer, Call};
use crate::problem::Problem;
use crate::query::Query;

place_in_time!(PingCursor, received_at, PingId, "pings");

/// A ping, and what became of it.
#[derive(Serialize, ToSchema)]
#[schema(as = Ping)]
pub(crate) struct PingBody<'a> {
    /// Which ping.
    id: Uuid,
    /// The capture token that sent it: its id, not its secret.
    token: Uuid,
    /// The job that it counts for; null before its project is looked up, and if the project has no job.
    #[schema(required)]
    related_job: Option<Uuid>,
    /// What became of it: `queued` (it waits), `logged` (it counts), `ignored` or `retracted`.
    #[schema(example = "logged")]
    status: &'static str,
    /// The time entry that it counts for. For pings without minutes it is there from the first whole minute of the day
    /// on.
    #[schema(required)]
    time_entry: Option<Uuid>,
    /// Why it was ignored: `job-not-found`, `job-archived`, `project-unknown`, `entry-detached` or `id-taken`.
    #[schema(required)]
    reason: Option<&'static str>,
    /// When work was happening.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    at: Timestamp,
    /// How long; null unless the ping is an entry of its own.
    #[schema(required, minimum = 1, maximum = 1440)]
    minutes: Option<u16>,
    /// What was done.
    #[schema(required)]
    summary: Option<&'a str>,
    /// When it came in.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    received_at: Timestamp,
    /// When it was logged, ignored or retracted; null while it is queued.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    logged_at: Option<Timestamp>,
}

impl Presented for TrackedPing {
    type Body<'a> = PingBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> PingBody<'a> {
        match self {
            Self::Queued(ping) => PingBody {
                id: ping.id.as_uuid(),
                token: ping.token.as_uuid(),
                related_job: match ping.target {
                    PingTarget::Job(job) => Some(job.as_uuid()),
                    PingTarget::Project { .. } => None,
                },
                status: "queued",
                time_entry: None,
                reason: None,
                at: ping.at,
                minutes: ping.minutes.map(Minutes::get),
                summary: ping.summary.as_ref().map(WorkSummary::as_str),
                received_at: ping.received_at,
                logged_at: None,
            },
            Self::Logged(ping) => {
                let (time_entry, reason) = match ping.outcome {
                    PingOutcome::Logged(entry) => (Some(entry.as_uuid()), None),
                    PingOutcome::Ignored(refusal) => (None, Some(refusal.as_str())),
                    PingOutcome::Retracted => (None, None),
                };
                PingBody {
                    id: ping.id.as_uuid(),
                    token: ping.token.as_uuid(),
                    related_job: ping.related_job.map(JobId::as_uuid),
                    status: PingStatus::from(&ping.outcome).as_str(),
                    time_entry,
                    reason,
                    at: ping.at,
                    minutes: ping.minutes.map(Minutes::get),
                    summary: ping.summary.as_ref().map(WorkSummary::as_str),
                    received_at: ping.received_at,
                    logged_at: Some(ping.logged_at),
                }
            }
        }
    }
}

async fn list(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let mut query = Query::of(&call.request, &["token", "related_job", "status", "limit", "cursor"]);
    let token = query.optional("token", str::parse);
    let related_job = query.optional("related_job", str::parse);
    let state = query.optional("status", str::parse);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let page =
        call.api.capture.pings.list(&principal, ListTrackedPings { token, related_job, state, size, after }).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn read(call: Call) -> Answer {
    let (principal, id) = call.on(OrOwn(Scope::Read)).await?;
    match call.api.capture.pings.find(&principal, id).await? {
        Some(ping) => answer::json(StatusCode::OK, &ping.body(call.base_path())),
        None => Err(Problem::no_ping()),
    }
}

async fn retract(call: Call) -> Answer {
    let (principal, id) = call.on(OrOwn(Scope::Write)).await?;
    call.api.capture.pings.take_back(&principal, id).await?;
    Ok(answer::deleted())
}
