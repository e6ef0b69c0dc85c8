//! What a request says of a ping: in the query, in a JSON object, or in both.

use stint_domain::access::Capturer;
use stint_domain::capture::services::{PingDraft, PingDraftError};
use stint_domain::capture::{Ping, PingName, PingProject};
use stint_domain::ledger::{JobName, Minutes, MinutesError, WorkSummary};
use stint_domain::values::{PingId, Timestamp};
use utoipa::openapi::{RefOr, Schema};

use crate::exchange::Call;
use crate::input::{Input, Object as _, input, text_of};
use crate::json::Json;
use crate::moment;
use crate::openapi::{self, Form, Schemas, named};
use crate::problem::{Errors, FieldError, Problem};
use crate::query::{self, Query};

input! {
    /// What a sender says of a ping. Each field may be in the query instead.
    pub(crate) struct PingInput<'j> {
        /// How long work lasted: the ping is a time entry of its own. Without it, pings that follow each other closely
        /// prove the time between them.
        lenient minutes: Option<Minutes>, example 30;
        /// What was done.
        lenient summary: Option<WorkSummary>, example "read papers";
        /// When work was happening, in RFC 3339 or seconds since 1970 (a number, too); now, unless given.
        lenient at: Option<Moment<'j>>;
        /// The project that it counts for. A token without a job needs it; other tokens ignore it.
        lenient project: Option<JobName>;
        /// A name of your choice: a repeat with the same name counts once. No control characters.
        lenient id: Option<PingName>, example "meeting-7";
    }
}

/// A moment, and how it was sent.
#[derive(Debug)]
pub(crate) struct Moment<'j> {
    at: Timestamp,
    sent: Json<'j>,
}

impl Form for Moment<'_> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        named::<openapi::Moment>(schemas)
    }
}

impl<'j> Input<'j> for Moment<'j> {
    fn read(sent: Json<'j>) -> Result<Self, String> {
        Ok(Self { at: moment::from_json(&sent)?, sent })
    }
}

impl Form for PingName {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        named::<openapi::PingName>(schemas)
    }
}

impl Input<'_> for PingName {
    fn read(json: Json<'_>) -> Result<Self, String> {
        text_of(json, Self::new)
    }
}

/// Reads the ping of a request; all errors are reported at once.
pub(super) fn ping(call: &Call, capturer: &Capturer, json: Option<Json<'_>>) -> Result<Ping, Problem> {
    let pings = &call.api.capture.pings;
    let admissible = |at: Timestamp| pings.check_moment(at).map(|()| at).map_err(|error| error.to_string());
    let named = |name: &PingName| PingId::named(capturer.token, name.as_str());

    let mut query = Query::of(&call.request, PingInput::FIELDS);
    let mut draft = PingDraft {
        minutes: query.optional("minutes", |text| query::digits(text).ok_or(MinutesError).and_then(Minutes::new)),
        summary: query.optional("summary", WorkSummary::new),
        at: query
            .optional("at", |text| moment::from_text(text).map_err(|error| error.to_string()).and_then(admissible)),
        project: query.optional("project", |text| JobName::new(text).map(PingProject::Named)),
        id: query.optional("id", |text| PingName::new(text).map(|name| named(&name))),
    };
    let mut errors = query.take_errors();
    if let Some(json) = json {
        let json = once(json, &query, &mut errors);
        if let Some(body) = PingInput::read_at("", json, &mut errors) {
            let at = body.at.and_then(|Moment { at, sent }| {
                let refuse = |error| errors.push(FieldError::at("/at", format!("{error}, got {sent}")));
                admissible(at).map_err(refuse).ok()
            });
            draft = PingDraft {
                minutes: draft.minutes.or(body.minutes),
                summary: draft.summary.or(body.summary),
                at: draft.at.or(at),
                project: draft.project.or(body.project.map(PingProject::Named)),
                id: draft.id.or(body.id.as_ref().map(named)),
            };
        }
    }
    draft.summary = draft.summary.filter(|summary| !summary.as_str().is_empty());
    let admitted = pings.admit(capturer, draft).map_err(|error| match error {
        PingDraftError::Moment(_) => ("at", error.to_string()),
        PingDraftError::ProjectMissing => ("project", error.to_string()),
    });
    match admitted {
        Ok(ping) => errors.check(Some(ping)),
        Err((name, detail)) => {
            // A part that is wrong is not missing as well.
            if !errors.blame(name) {
                errors.push(FieldError::of(name, detail));
            }
            Err(errors.into_problem())
        }
    }
}

/// Takes fields that are in the query too out of the body, and refuses them.
fn once<'j>(mut json: Json<'j>, query: &Query<'_>, errors: &mut Errors) -> Json<'j> {
    if let Json::Object(members) = &mut json {
        members.retain(|(name, _)| {
            let twice = query.gives(name);
            if twice {
                errors.push(FieldError::at(format!("/{name}"), "must be given once, and is in the query, too"));
            }
            !twice
        });
    }
    json
}
