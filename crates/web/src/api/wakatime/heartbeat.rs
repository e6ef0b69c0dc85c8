//! From a heartbeat to a ping. What is unknown is ignored, and only what a ping needs must be there: the time.

use stint_domain::services::{PingDraft, PingDraftError, PingService};
use stint_domain::values::{CaptureTarget, JobName, PingId, Timestamp};
use stint_domain::{Capturer, Ping};

use crate::json::Json;
use crate::moment;

/// What a heartbeat without a project counts for, where that is needed.
const NO_PROJECT: &str = "Unknown Project";

/// The members that tell heartbeats apart, the time aside. A heartbeat that is sent again has them all alike.
const IDENTITY: [&str; 7] = ["entity", "type", "category", "project", "branch", "language", "is_write"];

/// Which part of a heartbeat will never do, and why.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) part: Part,
    pub(super) detail: String,
}

/// A part of a heartbeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Heartbeat,
    Time,
    Project,
}

impl Part {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Time => "time",
            Self::Project => "project",
        }
    }
}

/// The ping that a heartbeat is.
pub(super) fn ping(pings: &PingService, capturer: &Capturer, text: &[u8]) -> Result<Ping, Refused> {
    let refused = |part, detail| Refused { part, detail };
    let json = Json::parse(text).map_err(|problem| refused(Part::Heartbeat, problem.into_detail()))?;
    let Json::Object(members) = json else {
        return Err(refused(Part::Heartbeat, format!("must be an object, got {json}")));
    };
    let member = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, json)| json);
    let time = member("time").ok_or_else(|| refused(Part::Time, "must be given".to_owned()))?;
    let at = moment::from_json(time).map_err(|detail| refused(Part::Time, detail))?;
    let project = match capturer.rule.target {
        CaptureTarget::Job(_) => None,
        CaptureTarget::Projects { .. } => {
            Some(project(member("project")).map_err(|detail| refused(Part::Project, detail))?)
        }
    };
    let id = Some(PingId::named(capturer.token, &name(at, member)));
    let draft = PingDraft { id, at: Some(at), project, ..PingDraft::default() };
    pings.admit(capturer, draft).map_err(|error| {
        let part = match error {
            PingDraftError::Moment(_) => Part::Time,
            PingDraftError::ProjectMissing => Part::Project,
        };
        refused(part, error.to_string())
    })
}

fn project(json: Option<&Json<'_>>) -> Result<JobName, String> {
    let name = match json {
        None | Some(Json::Null) => NO_PROJECT,
        Some(Json::String(name)) if name.trim().is_empty() => NO_PROJECT,
        Some(Json::String(name)) => name,
        Some(other) => return Err(format!("must be text, got {other}")),
    };
    JobName::new(name).map_err(|error| error.to_string())
}

/// What the heartbeat is called, so that its repeats are known. No name that a sender chooses has a control character,
/// so that it is none of those.
fn name<'j>(at: Timestamp, member: impl Fn(&str) -> Option<&'j Json<'j>>) -> String {
    let mut name = format!("heartbeat\0{}", at.as_micros());
    for part in IDENTITY {
        name.push('\0');
        match member(part) {
            Some(Json::String(text)) => name.push_str(text),
            Some(Json::Bool(true)) => name.push_str("true"),
            _ => {}
        }
    }
    name
}
