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
    let example = json!({ "id": "01890a60-1c2d-7e3f-8a4b-5c6d7e8f9a0b" });
    Described::new("Pings", id, title, about)
        .query("minutes", "How long work lasted: the ping is a time entry of its own.", minutes())
        .query("summary", "What was done.", summary())
        .query(
            "at",
            "When work was happening, in RFC 3339 or seconds since 1970: at most an hour ahead, and not too old. Now, \
             unless given.",
            moment(),
        )
        .query(
            "project",
            "What it counts for, by a token that is bound to no job: needed there, and ignored elsewhere.",
            name(),
        )
        .query("id", "The ping's name, your choice: a repeat under it counts once.", ping_name())
        .answers::<TakenBody>(202, QUEUED, example)
        .answers_as(202, QUEUED, TEXT, text(), None)
        .answers_as(202, QUEUED, GIF, text(), None)
        .may(&[Code::Unavailable, Code::TooManyNewJobs])
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const SEND: &str = "/ping/{token}";
    vec![
        Endpoint::new(Method::GET, SEND, by_get, || {
            let about = "The secret in the path is all that is needed. `Accept` chooses the answer: JSON, a line of \
                         text (`text/*`), or a transparent pixel (`image/*`). HEAD is answered alike and records \
                         nothing. An unknown secret and one that was revoked get the same 404.";
            described("ping", "Say that work is happening now", about)
        }),
        Endpoint::new(Method::POST, SEND, by_post, || {
            let about = "As GET; what is said may be in a JSON object, too. There is no Idempotency-Key here (400): \
                         `id` makes repeats count once.";
            described("post_ping", "Say that work is happening now, with a body", about)
                .takes_as::<PingInput<'_>>(Media::Json, Required::False)
                .may(&[Code::MalformedHeader])
        }),
    ]
}
