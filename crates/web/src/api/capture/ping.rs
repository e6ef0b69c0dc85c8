//! Sending pings, for tools that can call a URL: `/ping/{token}`.
//!
//! The secret is in the path, so nothing here repeats the path. Whatever is wrong with a secret, the answer is the
//! same. A malformed secret is refused without a look-up; the shorter time tells its sender nothing new. A ping that is
//! accepted is in the queue. The database is asked only when the token is not in the cache.

mod accept;
pub(in crate::api) mod input;
pub(in crate::api) mod routes;
#[cfg(test)]
mod secrecy_tests;
#[cfg(test)]
mod tests;

use actix_web::HttpResponse;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use serde::Serialize;
use stint_domain::access::Capturer;
use stint_domain::capture::{Ping, PingTarget};
use stint_domain::values::PingId;
use utoipa::ToSchema;
use uuid::Uuid;

use self::accept::Form;
use crate::excerpt::Excerpt;
use crate::exchange::{Answer, Call};
use crate::media::Media;
use crate::problem::{Code, Problem};
use crate::{idempotency, secrecy};

/// The most bytes of a ping's body: ten times its longest summary, unless every character is escaped.
const BODY_BYTES: usize = 64 << 10;

/// The answer to a ping.
#[derive(Serialize, ToSchema)]
#[schema(as = PingTaken)]
pub(crate) struct TakenBody {
    /// Its id: `/api/v1/pings/{id}` tells what became of it.
    id: Uuid,
}

async fn by_get(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    let ping = input::ping(&call, &capturer, None)?;
    let id = ping.id;
    // HEAD gets the same answer but records nothing: some clients send it to see whether a URL works.
    if call.request.method() != Method::HEAD {
        push(&call, &capturer, ping).await?;
    }
    Ok(taken(&call, id))
}

async fn by_post(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    idempotency::none(&call.request, "a ping's `id` makes its repeats count once")?;
    let body = call.body_of_any_type(BODY_BYTES.min(call.api.limits.body_bytes)).await?;
    let ping = if body.is_empty() {
        input::ping(&call, &capturer, None)?
    } else {
        Media::Json.check(call.headers())?;
        body.parse(|json| input::ping(&call, &capturer, Some(json))).await?
    };
    let id = ping.id;
    push(&call, &capturer, ping).await?;
    Ok(taken(&call, id))
}

async fn capturer(call: &Call) -> Result<Capturer, Problem> {
    call.capturer(call.parameter(), || Problem::new(Code::NotFound, "there is no such capture token")).await
}

async fn push(call: &Call, capturer: &Capturer, ping: Ping) -> Result<(), Problem> {
    let project = match &ping.target {
        PingTarget::Project { project, .. } => project.named().cloned(),
        PingTarget::Job(_) => None,
    };
    let pushed = call.api.capture.pings.push(capturer, vec![ping]).await?;
    let Some(project) = project.filter(|_| !pushed.too_many_new.is_empty()) else { return Ok(()) };
    let project = Excerpt(secrecy::of_value(project.as_str()));
    let detail = format!("the project {project} stands for no job, and the token has had as many made today as it may");
    let tomorrow = call.api.capture.pings.until_tomorrow(capturer).as_secs().max(1);
    Err(Problem::new(Code::TooManyNewJobs, detail).with_header(header::RETRY_AFTER, HeaderValue::from(tomorrow)))
}

fn taken(call: &Call, id: PingId) -> HttpResponse {
    let mut response = HttpResponse::Accepted();
    match Form::of(call.headers()) {
        Form::Json => {
            let mut body = Vec::with_capacity(48);
            // An id always serialises.
            let _ = serde_json::to_writer(&mut body, &TakenBody { id: id.as_uuid() });
            response.insert_header((header::CONTENT_TYPE, "application/json")).body(body)
        }
        Form::Text => response.insert_header((header::CONTENT_TYPE, accept::TEXT)).body(format!("{id}\n")),
        Form::Pixel => response.insert_header((header::CONTENT_TYPE, accept::GIF)).body(accept::PIXEL),
    }
}
