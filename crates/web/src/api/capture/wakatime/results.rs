//! The answer to heartbeats: a body and a status for each, in order.

use actix_web::HttpResponse;
use actix_web::http::header;
use serde_json::json;
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// What became of one heartbeat.
pub(super) enum Outcome {
    /// It is queued, perhaps again.
    Taken,
    /// It can never be accepted: the part that is to blame, and why.
    Refused(&'static str, String),
    /// It is to be sent again.
    Later(Later),
}

/// The parts of a heartbeat that can be to blame: the whole, or its time.
pub(super) const HEARTBEAT: &str = "heartbeat";
pub(super) const TIME: &str = "time";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Later {
    /// There were too many before it.
    TooMany,
    /// Its time is yet to come.
    Ahead,
    /// Its project is new, and today's limit of new jobs is reached.
    NewJobs,
}

impl Later {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TooMany => "too many at once, send it again",
            Self::NewJobs => "too many new projects today, send it again tomorrow",
            Self::Ahead => "in the future, send it again when its time has come",
        }
    }
}

pub(super) fn respond(outcomes: &[Outcome]) -> HttpResponse {
    let mut body = Vec::with_capacity(outcomes.len() * 24 + 32);
    body.extend_from_slice(br#"{"responses":["#);
    for (place, outcome) in outcomes.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        match outcome {
            Outcome::Taken => body.extend_from_slice(br#"[{"data":null},201]"#),
            Outcome::Later(later) => {
                body.extend_from_slice(br#"[{"error":""#);
                // It has no character to escape.
                body.extend_from_slice(later.as_str().as_bytes());
                body.extend_from_slice(br#""},429]"#);
            }
            Outcome::Refused(part, detail) => {
                body.push(b'[');
                // Text always serialises.
                let _ = serde_json::to_writer(&mut body, &json!({ "errors": { *part: [detail] } }));
                body.extend_from_slice(b",400]");
            }
        }
    }
    body.extend_from_slice(b"]}");
    HttpResponse::Created().insert_header((header::CONTENT_TYPE, "application/json")).body(body)
}

/// The schema of the answer.
pub(crate) struct ResultsBody;

impl PartialSchema for ResultsBody {
    fn schema() -> RefOr<Schema> {
        let texts = || ArrayBuilder::new().items(ObjectBuilder::new().schema_type(Type::String));
        let errors = ObjectBuilder::new().property(HEARTBEAT, texts()).property(TIME, texts());
        let half = ObjectBuilder::new()
            .schema_type(SchemaType::from_iter([Type::Object, Type::Integer]))
            .description(Some("First what is to say of the heartbeat, then its status: 201, 400 or 429."))
            .property("data", ObjectBuilder::new().schema_type(SchemaType::from_iter([Type::Object, Type::Null])))
            .property("errors", errors)
            .property("error", ObjectBuilder::new().schema_type(Type::String));
        let pair = ArrayBuilder::new().items(half).min_items(Some(2)).max_items(Some(2));
        let all = ArrayBuilder::new().items(pair).description(Some("One pair for each heartbeat, in order."));
        ObjectBuilder::new().property("responses", all).required("responses").into()
    }
}

impl ToSchema for ResultsBody {
    fn name() -> std::borrow::Cow<'static, str> {
        "HeartbeatResults".into()
    }
}
