//! The routes for editor plugins, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};
use stint_domain::ledger::JobName;
use utoipa::openapi::{KnownFormat, ObjectBuilder, RefOr, Schema, SchemaFormat, Type};

use super::heartbeat::NO_PROJECT;
use super::{
    ResultsBody, StatusbarBody, SummariesBody, UserBody, heartbeats, plugin_errors, statusbar, summaries, user,
};
use crate::endpoint::Endpoint;
use crate::openapi::{self, Described, Example, Form, Schemas, meaning, or_null, put, text};
use crate::problem::Code;

/// The schema of a heartbeat. Its reader ignores other members.
struct Heartbeat;

impl Form for Heartbeat {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        let time = ObjectBuilder::new()
            .schema_type(Type::Number)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Double)))
            .description(Some("When work was happening: seconds since 1970, also as text, or RFC 3339."));
        let entity = text().description(Some("What was worked on. Not stored; it distinguishes heartbeats."));
        let project = format!(
            "The project that it counts for, unless the token has a job; `{NO_PROJECT}` by default. A longer name \
             is cut to {} characters.",
            JobName::MAX_CHARS
        );
        let heartbeat = ObjectBuilder::new()
            .schema_type(Type::Object)
            .description(Some("A heartbeat. Other members are ignored. Only a wrong `time` makes it fail."))
            .property("time", time)
            .required("time")
            .property("entity", entity)
            .property("project", meaning(or_null(text().into()), project, None));
        put(schemas, "Heartbeat", heartbeat)
    }
}

impl Example for Heartbeat {
    fn example() -> Value {
        json!({ "time": 1_767_344_400, "entity": "/home/ada/notes.md", "project": "Research" })
    }
}

fn described(id: &str, summary: &str, about: &str) -> Described {
    Described::new("WakaTime", id, summary, about).needs_key()
}

fn taking<I: Example>(id: &str, summary: &str, about: &str) -> Described {
    let results = json!({ "responses": [[{ "data": null }, 201], [{ "errors": { "time": ["too old"] } }, 400]] });
    described(id, summary, about).takes::<I>().answers::<ResultsBody>(201, "The outcome of each, in order.", results)
}

/// An hour and a half on one project.
fn day() -> Value {
    json!({
        "grand_total": {
            "decimal": "1.50", "digital": "1:30", "hours": 1, "minutes": 30, "text": "1 hr 30 mins", "total_seconds": 5400,
        },
        "range": {
            "date": "2026-01-02", "start": "2026-01-01T23:00:00.000000Z", "end": "2026-01-02T22:59:59.000000Z",
            "text": "Today", "timezone": "Europe/Berlin",
        },
        "projects": [{
            "name": "Research", "percent": 100.0, "decimal": "1.50", "digital": "1:30", "hours": 1, "minutes": 30,
            "text": "1 hr 30 mins", "total_seconds": 5400,
        }],
        "categories": [], "dependencies": [], "editors": [], "languages": [], "machines": [], "operating_systems": [],
    })
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::POST, "/api/wakatime/v1/users/current/heartbeats.bulk", heartbeats, || {
            let about = "A list of heartbeats, or one, whatever the Content-Type. Each has a status in the answer. It \
                         is 400 if the heartbeat can never be accepted; a repeat is 201 and counts once. The first \
                         1,000 are accepted and the others are 429, so that clients send them again. A request with \
                         more than 10,000 is refused.";
            taking::<Vec<Heartbeat>>("send_heartbeats", "Take heartbeats", about)
        }),
        Endpoint::new(Method::POST, "/api/wakatime/v1", heartbeats, || {
            let about = "The same, for clients that send to the base URL itself, such as the Python `wakatime`.";
            taking::<Vec<Heartbeat>>("send_heartbeats_to_base", "Take heartbeats at the base URL", about)
        }),
        Endpoint::new(Method::POST, "/api/wakatime/v1/users/current/heartbeats", heartbeats, || {
            taking::<Heartbeat>("send_heartbeat", "Take a heartbeat", "The same for one at a time.")
        }),
        Endpoint::new(Method::GET, "/api/wakatime/v1/users/current", user, || {
            let example = json!({ "data": {
                "id": "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f", "username": "ada", "display_name": "ada", "full_name": "ada",
                "email": null, "photo": null, "timezone": "Europe/Berlin", "timeout": 15,
            } });
            let about = "Plugins ask this first. Without a user they say that nobody is signed in.";
            described("wakatime_user", "The user of the key", about).answers::<UserBody<'_>>(200, "The user.", example)
        }),
        Endpoint::new(Method::GET, "/api/wakatime/v1/users/current/summaries", summaries, || {
            let example = json!({
                "data": [day()],
                "cumulative_total": { "seconds": 5400, "text": "1 hr 30 mins", "decimal": "1.50", "digital": "1:30" },
                "daily_average": {
                    "seconds": 5400, "text": "1 hr 30 mins", "seconds_including_other_language": 5400,
                    "text_including_other_language": "1 hr 30 mins", "holidays": 0, "days_including_holidays": 1,
                    "days_minus_holidays": 1,
                },
                "start": "2026-01-01T23:00:00.000000Z",
                "end": "2026-01-02T22:59:59.000000Z",
            });
            let about = "The time that the token's pings without minutes prove, in the token's time zone: for each day \
                         from `start` through `end`, at most 366 days, or for a `range`; today by default.";
            let range = "`today`, `yesterday`, `last_7_days`, `last_14_days`, `last_30_days` (today included) or a \
                         date. Ignored if `start` or `end` is given.";
            let start = "The first day: a date, `today` or `yesterday`. By default the same as `end`.";
            described("wakatime_summaries", "Several days' time", about)
                .query("start", start, openapi::day())
                .query("end", "The last day, in the same form; today by default.", openapi::day())
                .query("range", range, openapi::days())
                .answers::<SummariesBody>(200, "One item for each day, in order.", example)
                .may(&[Code::ValidationFailed])
        }),
        Endpoint::new(Method::GET, "/api/wakatime/v1/users/current/statusbar/today", statusbar, || {
            let about = "The time that the token's pings without minutes prove today, in the token's time zone.";
            let example = json!({ "data": day() });
            described("statusbar_today", "Today's time", about).answers::<StatusbarBody>(200, "Today.", example)
        }),
        Endpoint::new(Method::POST, "/api/wakatime/v1/plugins/errors", plugin_errors, || {
            const TAKEN: &str = "It was accepted. Its text is not logged.";
            let nothing = ObjectBuilder::new().schema_type(Type::Object);
            described("report_plugin_errors", "Accept a plugin's report of its own errors", "At most 64 KiB.")
                .answers_as(201, TAKEN, "application/json", nothing, Some(json!({})))
                .reads_a_body()
        }),
    ]
}
