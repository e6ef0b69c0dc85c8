//! What the endpoints for editor plugins say of themselves.

use serde_json::{Value, json};
use utoipa::ToSchema;
use utoipa::openapi::{ObjectBuilder, Schema, Type};

use super::{ResultsBody, StatusbarBody};
use crate::media::Media;
use crate::openapi::Described;
use crate::problem::Code;

const TAG: &str = "WakaTime";

/// What is read of a heartbeat; everything else is ignored. In `time` alone a mistake matters.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `heartbeat` reads to the OpenAPI document")]
pub(crate) struct Heartbeat {
    /// When work was happening: seconds since 1970, also as text, or RFC 3339.
    #[schema(value_type = f64)]
    time: f64,
    /// What was worked on. Not kept: it tells heartbeats apart.
    #[schema(required = false)]
    entity: String,
    /// Which job it counts for, by a token that is bound to none: `Unknown Project`, unless a name is given. Of a longer
    /// one the first 120 characters count.
    #[schema(required = false)]
    project: Option<String>,
}

fn example() -> Value {
    json!({ "time": 1_767_344_400, "entity": "/home/ada/notes.md", "project": "Research" })
}

fn taking(id: &str, summary: &str, about: &str) -> Described {
    let results = json!({ "responses": [[{ "data": null }, 201], [{ "errors": { "time": ["too old"] } }, 400]] });
    Described::new(TAG, id, summary, about).needs_key().answers::<ResultsBody>(
        201,
        "What became of each, in order.",
        &[],
        results,
    )
}

pub(crate) fn heartbeats() -> Described {
    let about = "A list of heartbeats, or one, whatever the Content-Type. One that will never do is 400 in its place; a \
                 repeat is 201 and counts once. Of more than 1,000 the first 1,000 are taken and the others are 429 in \
                 their places, so that clients send them again; more than 10,000 are refused as a whole.";
    taking("send_heartbeats", "Take heartbeats", about).takes_many::<Heartbeat>(Media::Json, &json!([example()]))
}

pub(crate) fn heartbeats_to_base() -> Described {
    let about = "The same for clients that send to the base URL as they were told it, such as the Python `wakatime`.";
    taking("send_heartbeats_to_base", "Take heartbeats at the base URL", about)
        .takes_many::<Heartbeat>(Media::Json, &json!([example()]))
}

pub(crate) fn heartbeat() -> Described {
    taking("send_heartbeat", "Take a heartbeat", "The same for who sends one at a time.")
        .takes::<Heartbeat>(Media::Json, &example())
}

pub(crate) fn statusbar() -> Described {
    let example = json!({ "data": {
        "grand_total": {
            "decimal": "1.50", "digital": "1:30", "hours": 1, "minutes": 30, "text": "1 hr 30 mins", "total_seconds": 5400,
        },
        "range": { "date": "2026-01-02", "text": "Today", "timezone": "Europe/Berlin" },
        "categories": [], "dependencies": [], "editors": [], "languages": [], "machines": [],
        "operating_systems": [], "projects": [],
    } });
    let about = "What the token's pings without minutes prove today, in the token's time zone.";
    Described::new(TAG, "statusbar_today", "Today's time", about).needs_key().answers::<StatusbarBody>(
        200,
        "Today.",
        &[],
        example,
    )
}

pub(crate) fn plugin_errors() -> Described {
    let nothing = Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build());
    Described::new(TAG, "report_plugin_errors", "Take a plugin's report of its own errors", "At most 64 KiB.")
        .needs_key()
        .answers_as(
            201,
            "It was taken. Only that there was one is logged.",
            &[],
            "application/json",
            nothing,
            Some(json!({})),
        )
        .may(&[Code::RequestTimeout, Code::BodyTooLarge, Code::UnsupportedMediaType])
}
