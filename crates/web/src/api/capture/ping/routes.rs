//! The routes by which pings are sent, and what the document says of them.

use actix_web::http::Method;
use serde_json::json;
use utoipa::openapi::Required;

use super::accept::{GIF, TEXT};
use super::input::PingInput;
use super::{TakenBody, by_get, by_post};
use crate::endpoint::Endpoint;
use crate::media::Media;
use crate::openapi::{Described, minutes, moment, name, ping_name, summary, text};
use crate::problem::Code;

fn described(id: &str, title: &str, about: &str) -> Described {
    const QUEUED: &str = "It is queued.";
    let at = "When work was happening, in RFC 3339 or seconds since 1970: at most an hour ahead, and not too old; now \
              by default.";
    let project = "The project that it counts for. A token without a job needs it; other tokens ignore it.";
    let example = json!({ "id": "01890a60-1c2d-7e3f-8a4b-5c6d7e8f9a0b" });
    Described::new("Pings", id, title, about)
        .query("minutes", "How long work lasted: the ping is a time entry of its own.", minutes())
        .query("summary", "What was done.", summary())
        .query("at", at, moment())
        .query("project", project, name())
        .query("id", "A name of your choice: a repeat with the same name counts once.", ping_name())
        .answers::<TakenBody>(202, QUEUED, example)
        .answers_as(202, QUEUED, TEXT, text(), None)
        .answers_as(202, QUEUED, GIF, text(), None)
        .may(&[Code::Unavailable, Code::TooManyNewJobs])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const SEND: &str = "/ping/{token}";
    vec![
        Endpoint::new(Method::GET, SEND, by_get, || {
            let about = "Needs only the secret in the path. `Accept` chooses the answer: JSON, a line of text \
                         (`text/*`), or a transparent pixel (`image/*`). HEAD gets the same answer and records \
                         nothing. Unknown and revoked secrets get the same 404.";
            described("ping", "Say that work is happening now", about)
        }),
        Endpoint::new(Method::POST, SEND, by_post, || {
            let about = "As GET, but the fields may also be in a JSON object. An Idempotency-Key is refused (400): \
                         `id` makes repeats count once.";
            described("post_ping", "Say that work is happening now, with a body", about)
                .takes_as::<PingInput<'_>>(Media::Json, Required::False)
                .may(&[Code::MalformedHeader])
        }),
    ]
}
