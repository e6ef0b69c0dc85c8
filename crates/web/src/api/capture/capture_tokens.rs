//! Capture tokens: `/api/v1/capture-tokens` and `/api/v1/jobs/{id}/capture-tokens`.
//!
//! The secret of a token is only in the answer that creates it. So creating one takes no idempotency key: a repeat
//! would need the secret, which is not stored. Tokens have no `ETag`, because each use changes them.

pub(in crate::api) mod input;
pub(in crate::api) mod routes;
#[cfg(test)]
mod tests;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::ports::token::{ListCapturing, TokenCursor};
use stint_domain::access::{Scope, Token, TokenSecret};
use stint_domain::capture::CaptureTarget;
use stint_domain::capture::services::CaptureTokenDraft;
use stint_domain::values::{JobId, Timestamp, TokenId, Zone};
use utoipa::ToSchema;
use uuid::Uuid;

use self::input::{CaptureTokenInput, CaptureTokenOfJobInput, CaptureTokenPatch};
use crate::api::answer;
use crate::api::answer::{Presented, Wanted, shown, shown_or_null};
use crate::auth::OrOwn;
use crate::base_path::BasePath;
use crate::cursor::place_in_time;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::media::Media;
use crate::problem::Problem;
use crate::query::Query;

pub(in crate::api) const CAPTURE_TOKENS: &str = "/api/v1/capture-tokens";

place_in_time!(TokenCursor, created_at, TokenId, "capture-tokens");

/// Why creating one takes no idempotency key.
const NO_REPLAY: &str = "the first answer cannot be given again";

// What is sent.

/// A token that sends pings.
#[derive(Serialize, ToSchema)]
#[schema(as = CaptureToken)]
pub(crate) struct CaptureTokenBody<'a> {
    /// Its id, which is not secret.
    id: Uuid,
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: &'a str,
    /// For whom it acts: the subject of the token that made it.
    subject: &'a str,
    /// The id of the token that made it; revoking that one revokes this one. Null when the operator made it.
    #[schema(required)]
    made_by: Option<Uuid>,
    /// The job that its pings count for; null when each ping names a project.
    #[schema(required)]
    related_job: Option<Uuid>,
    /// Whether a project without a job gets a new one.
    creates_jobs: bool,
    /// The IANA time zone whose midnight divides the days.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = String, example = "Europe/Berlin")]
    time_zone: Zone,
    /// Pings less than this apart belong to one span of work.
    #[schema(minimum = 1, maximum = 86_400)]
    gap_seconds: u32,
    /// When it was created, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// From when on it is refused; null means never.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    expires_at: Option<Timestamp>,
    /// When it was revoked; null if it was not.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    revoked_at: Option<Timestamp>,
    /// When its latest logged ping came in; null before the first.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    last_used_at: Option<Timestamp>,
    /// The secret that pings are sent with: only in the answer that creates the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a")]
    secret: Option<&'a str>,
    /// The URL to send pings to: only together with the secret, and as secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false, example = "/ping/0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a")]
    ping_url: Option<String>,
}

impl Presented for Token {
    type Body<'a> = CaptureTokenBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> CaptureTokenBody<'a> {
        // Only capture tokens are shown. One without a rule would count for nothing.
        let rule = self.capture;
        let (related_job, creates_jobs) = match rule.map(|rule| rule.target) {
            Some(CaptureTarget::Job(job)) => (Some(job.as_uuid()), false),
            Some(CaptureTarget::Projects { create }) => (None, create),
            None => (None, false),
        };
        CaptureTokenBody {
            id: self.id.as_uuid(),
            name: self.name.as_str(),
            subject: self.subject.as_str(),
            made_by: self.made_by.map(TokenId::as_uuid),
            related_job,
            creates_jobs,
            time_zone: rule.map(|rule| rule.zone).unwrap_or_default(),
            gap_seconds: rule.map(|rule| rule.gap).unwrap_or_default().as_secs(),
            created_at: self.created_at,
            expires_at: self.expires_at,
            revoked_at: self.revoked_at,
            last_used_at: self.last_used_at,
            secret: None,
            ping_url: None,
        }
    }
}

fn created(call: &Call, (token, secret): &(Token, TokenSecret)) -> Answer {
    let base = call.base_path();
    let ping_url = Some(format!("{base}/ping/{}", secret.expose()));
    let body = CaptureTokenBody { secret: Some(secret.expose()), ping_url, ..token.body(base) };
    Ok(answer::located(answer::json(StatusCode::CREATED, &body)?, call, &format!("{CAPTURE_TOKENS}/{}", token.id)))
}

// Handlers.

async fn create(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Write)).await?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let CaptureTokenInput { name, time_zone: zone, expires_at, creates_jobs } = call.input(Media::Json).await?;
    let draft = CaptureTokenDraft { name, zone, expires_at };
    created(&call, &call.api.capture.tokens.create_for_projects(&principal, creates_jobs, draft).await?)
}

async fn create_of_job(call: Call) -> Answer {
    let (principal, job) = call.on(OrOwn(Scope::Write)).await?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let CaptureTokenOfJobInput { name, time_zone: zone, expires_at } = call.input(Media::Json).await?;
    let draft = CaptureTokenDraft { name, zone, expires_at };
    created(&call, &call.api.capture.tokens.create_for_job(&principal, job, draft).await?)
}

async fn list(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let mut query = Query::of(&call.request, &["related_job", "limit", "cursor"]);
    let related_job = query.optional("related_job", str::parse);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "")?;
    let page = call
        .api
        .capture
        .tokens
        .list(&principal, ListCapturing { related_job, size, after, ..ListCapturing::default() })
        .await?;
    answer::page(&call, &query, &filters, &page)
}

async fn list_of_job(call: Call) -> Answer {
    let principal = call.principal(OrOwn(Scope::Read)).await?;
    let job: JobId = call.id()?;
    let mut query = Query::of(&call.request, &["limit", "cursor"]);
    let Wanted { size, after, filters } = Wanted::of(&mut query, &format!("job={job}&"))?;
    let listing = ListCapturing { related_job: Some(job), size, after, ..ListCapturing::default() };
    let page = call.api.capture.tokens.list_of_job(&principal, job, listing).await?;
    answer::page(&call, &query, &filters, &page)
}

async fn read(call: Call) -> Answer {
    let (principal, id) = call.on(OrOwn(Scope::Read)).await?;
    match call.api.capture.tokens.find(&principal, id).await? {
        Some(token) => answer::json(StatusCode::OK, &token.body(call.base_path())),
        None => Err(Problem::no_token()),
    }
}

async fn patch(call: Call) -> Answer {
    let (principal, id) = call.on(OrOwn(Scope::Write)).await?;
    let patch: CaptureTokenPatch = call.input(Media::MergePatch).await?;
    let token = call.api.capture.tokens.update(&principal, id, patch.into()).await?;
    if !answer::sees(&principal) {
        return Ok(HttpResponse::NoContent().finish());
    }
    answer::json(StatusCode::OK, &token.body(call.base_path()))
}

async fn revoke(call: Call) -> Answer {
    let (principal, id) = call.on(OrOwn(Scope::Write)).await?;
    call.api.capture.tokens.revoke(&principal, id).await?;
    Ok(answer::deleted())
}
