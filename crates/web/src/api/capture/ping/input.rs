//! What a ping says: in the query, in a JSON object, or partly here and partly there.

use stint_domain::access::Capturer;
use stint_domain::capture::services::{PingDraft, PingDraftError};
use stint_domain::capture::{Ping, PingName, PingProject};
use stint_domain::ledger::{JobName, Minutes, MinutesError, WorkSummary};
use stint_domain::values::{PingId, Timestamp};
use utoipa::ToSchema;

use crate::exchange::Call;
use crate::fields::{self, Fields, nullable};
use crate::json::Json;
use crate::moment;
use crate::openapi::{self, Moment, Name, Summary};
use crate::problem::{FieldError, Problem};
use crate::query::Query;

/// What a sender says of a ping. Each may be in the query instead.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes what `ping` reads to the OpenAPI document")]
#[serde(deny_unknown_fields)]
pub(crate) struct PingInput {
    /// How long work lasted: the ping is a time entry of its own. Without it, pings that follow each other closely
    /// prove the time between them.
    #[schema(required = false, minimum = 1, maximum = 1440)]
    minutes: Option<u16>,
    /// What was done.
    #[schema(required = false, value_type = Option<Summary>)]
    summary: Option<String>,
    /// When work was happening, in RFC 3339 or seconds since 1970 (a number, too); now, unless given.
    #[schema(required = false, value_type = Moment)]
    at: Option<String>,
    /// What it counts for, by a token that is bound to no job: needed there, and ignored elsewhere.
    #[schema(required = false, value_type = Option<Name>)]
    project: Option<String>,
    /// The ping's name, your choice: a repeat under it counts once. 1 to 255 characters, no control characters.
    #[schema(required = false, value_type = Option<openapi::PingName>)]
    id: Option<String>,
}

const KNOWN: &[&str] = &["minutes", "summary", "at", "project", "id"];

/// The ping that the request says, every bad part of which is told at once.
pub(super) fn ping(call: &Call, capturer: &Capturer, json: Option<Json<'_>>) -> Result<Ping, Problem> {
    let pings = &call.api.pings;
    let admissible = |at: Timestamp| pings.check_moment(at).map(|()| at).map_err(|error| error.to_string());
    let named = |name: &str| PingName::new(name).map(|name| PingId::named(capturer.token, name.as_str()));

    let mut query = Query::of(&call.request, KNOWN);
    let mut draft = PingDraft {
        minutes: query.optional("minutes", minutes),
        summary: query.optional("summary", WorkSummary::new),
        at: query
            .optional("at", |text| moment::from_text(text).map_err(|error| error.to_string()).and_then(admissible)),
        project: query.optional("project", |text| JobName::new(text).map(PingProject::Named)),
        id: query.optional("id", named),
    };
    let mut errors = query.take_errors();
    if let Some(json) = json {
        let mut fields = Fields::new(json, "", &mut errors);
        let in_body = PingDraft {
            minutes: fields.optional("minutes", once(&query, "minutes", fields::minutes)).flatten(),
            summary: fields.optional("summary", once(&query, "summary", fields::work_summary)).flatten(),
            at: fields.optional("at", once(&query, "at", |json| at_in_body(&json, admissible))).flatten(),
            project: fields.optional("project", once(&query, "project", named_in_body)).flatten(),
            id: fields.optional("id", once(&query, "id", |json| fields::parse(json, named))).flatten(),
        };
        fields.finish("`minutes`, `summary`, `at`, `project` and `id`");
        draft = PingDraft {
            minutes: draft.minutes.or(in_body.minutes),
            summary: draft.summary.or(in_body.summary),
            at: draft.at.or(in_body.at),
            project: draft.project.or(in_body.project),
            id: draft.id.or(in_body.id),
        };
    }
    draft.summary = draft.summary.filter(|summary| !summary.as_str().is_empty());
    let admitted = pings.admit(capturer, draft).map_err(|error| match error {
        PingDraftError::Moment(_) => ("at", error.to_string()),
        PingDraftError::ProjectMissing => ("project", error.to_string()),
    });
    match admitted {
        Ok(ping) => errors.check(Some(ping)),
        Err((name, detail)) => {
            // A part that is wrong already is not missing as well.
            if !errors.blame(name) {
                errors.push(FieldError::of(name, detail));
            }
            Err(errors.into_problem())
        }
    }
}

/// A reader of a member that the query must not have as well. Null is as good as nothing.
fn once<'j, T>(
    query: &Query<'_>,
    name: &str,
    read: impl FnOnce(Json<'j>) -> Result<T, String>,
) -> impl FnOnce(Json<'j>) -> Result<Option<T>, String> {
    let twice = query.gives(name);
    move |json| {
        if twice { Err("must be given once, and is in the query, too".to_owned()) } else { nullable(read)(json) }
    }
}

fn named_in_body(json: Json<'_>) -> Result<PingProject, String> {
    fields::job_name(json).map(PingProject::Named)
}

fn at_in_body(
    json: &Json<'_>,
    admissible: impl FnOnce(Timestamp) -> Result<Timestamp, String>,
) -> Result<Timestamp, String> {
    let at = moment::from_json(json)?;
    admissible(at).map_err(|error| format!("{error}, got {json}"))
}

fn minutes(text: &str) -> Result<Minutes, MinutesError> {
    // A sign would parse, too.
    if text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().map_or(Err(MinutesError), Minutes::new)
    } else {
        Err(MinutesError)
    }
}
