//! The part of WakaTime's protocol that editor plugins need, under `/api/wakatime/v1`.
//!
//! Clients send a heartbeat again until it is answered with 201 or 400; each heartbeat has its own status in the
//! answer. So one bad heartbeat never fails a request: it gets 400 if it can never succeed, and 429 if it may succeed
//! later. Unknown members are ignored, because clients are older and newer than this server. Errors of a whole request
//! are `{"error": "..."}`.

mod day;
mod heartbeat;
mod items;
mod key;
mod results;
pub(in crate::api) mod routes;
mod spoken;
mod summaries;
#[cfg(test)]
mod tests;
mod user;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use stint_domain::access::Capturer;
use stint_domain::capture::Ping;
use stint_domain::capture::services::PingService;

use crate::api::answer;
use crate::exchange::{Answer, Call};
use crate::problem::{Code, Problem};

pub(crate) use day::StatusbarBody;
pub(crate) use results::ResultsBody;
pub(crate) use summaries::SummariesBody;
pub(crate) use user::UserBody;

use self::day::Day;
use self::results::{Later, Outcome};

/// The most heartbeats of one request that are accepted. The client is told to send the others again.
const MOST_TAKEN: usize = 1_000;
/// The most heartbeats of one request that are answered; larger requests are refused.
const MOST_ANSWERED: usize = 10_000;
const REPORT_BYTES: usize = 64 << 10;

/// Takes one heartbeat, or a list of them.
async fn heartbeats(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    let body = call.body_of_any_type(call.api.limits.batch_bytes).await?;
    let (room, pings, sender) = (items::cost(&body), call.api.capture.pings.clone(), capturer.clone());
    let (mut taken, mut outcomes) = body.work(room, move |body| sort_out(&pings, &sender, body)).await?;
    // Ordered by time, because a heartbeat may refer to the project of the one before it.
    taken.sort_by_key(|(_, ping)| ping.at);
    let (places, pings): (Vec<_>, Vec<_>) = taken.into_iter().unzip();
    // All or nothing: if the queue fails, the request fails, and clients keep their heartbeats.
    let pushed = call.api.capture.pings.push(&capturer, pings).await?;
    for ping in pushed.too_many_new {
        outcomes[places[ping]] = Outcome::Later(Later::NewJobs);
    }
    Ok(results::respond(&outcomes))
}

/// The pings to be queued, each with the place of its heartbeat, and the outcome of each heartbeat.
type SortedOut = (Vec<(usize, Ping)>, Vec<Outcome>);

fn sort_out(service: &PingService, capturer: &Capturer, body: &[u8]) -> Result<SortedOut, Problem> {
    let body = items::unwrapped(body)?;
    let items = items::split(&body, MOST_ANSWERED)?;
    let (mut pings, mut outcomes) = (Vec::with_capacity(items.len().min(MOST_TAKEN)), Vec::with_capacity(items.len()));
    for (place, item) in items.into_iter().enumerate() {
        outcomes.push(if place >= MOST_TAKEN {
            Outcome::Later(Later::TooMany)
        } else {
            match heartbeat::ping(service, capturer, item) {
                Ok(ping) => {
                    pings.push((place, ping));
                    Outcome::Taken
                }
                Err(outcome) => outcome,
            }
        });
    }
    Ok((pings, outcomes))
}

async fn user(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    answer::json(StatusCode::OK, &UserBody::of(&capturer))
}

async fn statusbar(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    let today = call.api.capture.pings.today(&capturer);
    let times = call.api.capture.pings.captured(&capturer, (today, today)).await?;
    answer::json(StatusCode::OK, &StatusbarBody { data: Day::of(today, today, capturer.rule.zone, &times) })
}

async fn summaries(call: Call) -> Answer {
    let capturer = capturer(&call).await?;
    let today = call.api.capture.pings.today(&capturer);
    let days = summaries::days(call.request.query_string(), today)?;
    let times = call.api.capture.pings.captured(&capturer, days).await?;
    answer::json(StatusCode::OK, &SummariesBody::of(days, today, capturer.rule.zone, &times))
}

/// Accepts a plugin's report of its own errors. Only its size is logged: the text quotes settings, and so keys.
async fn plugin_errors(call: Call) -> Answer {
    capturer(&call).await?;
    let report = call.body_of_any_type(REPORT_BYTES.min(call.api.limits.body_bytes)).await?;
    tracing::debug!(bytes = report.len(), "a plugin reported errors of its own");
    Ok(HttpResponse::Created().insert_header((header::CONTENT_TYPE, "application/json")).body("{}"))
}

async fn capturer(call: &Call) -> Result<Capturer, Problem> {
    let refused = || {
        let problem = Problem::new(Code::Unauthorized, "the API key is missing, unknown, expired or revoked");
        problem.with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static(r#"Basic realm="stint""#))
    };
    let key = key::of(&call.request).ok_or_else(refused)?;
    call.capturer(&key, refused).await
}
