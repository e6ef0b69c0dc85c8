//! From a heartbeat to a ping. A client drops a heartbeat that is refused, so only its time can make it fail: unknown
//! members are ignored, and other mistakes are mended. A time in the near future is not refused; the client is asked to
//! send the heartbeat again.

use stint_domain::access::Capturer;
use stint_domain::capture::services::{MomentError, PingDraft, PingDraftError, PingService};
use stint_domain::capture::{Ping, PingProject};
use stint_domain::ledger::JobName;
use stint_domain::values::{PingId, Timestamp};

use super::items;
use super::results::{HEARTBEAT, Later, Outcome, TIME};
use crate::json::Json;
use crate::moment;
use crate::problem::Problem;

/// The project of a heartbeat that names none.
pub(super) const NO_PROJECT: &str = "Unknown Project";

/// How far ahead a heartbeat may be and still be sent again later: the most by which time zones differ, in case a clock
/// is set to a wrong one. One from further ahead would be sent again for months, and then count for a day on which
/// nobody worked.
const AHEAD_MICROS: i64 = 24 * 3_600 * 1_000_000;

/// The members that, together with the time, identify a heartbeat.
const IDENTITY: [&str; 7] = ["entity", "type", "category", "project", "branch", "language", "is_write"];
/// Where the project is among them.
const PROJECT: usize = 3;

/// The ping that a heartbeat becomes, or what its sender is told instead.
pub(super) fn ping(pings: &PingService, capturer: &Capturer, text: &[u8]) -> Result<Ping, Outcome> {
    let (mut time, mut identity) = (None, [None; IDENTITY.len()]);
    let see = |name: &str, value| {
        if name == "time" {
            time = Some(value);
        } else if let Some(place) = IDENTITY.iter().position(|known| *known == name) {
            identity[place] = Some(value);
        }
    };
    if items::members(text, see).is_none() {
        let detail =
            Json::parse(text).map_or_else(Problem::into_detail, |json| format!("must be an object, got {json}"));
        return Err(Outcome::Refused(HEARTBEAT, detail));
    }
    let at = moment(time).map_err(|detail| Outcome::Refused(TIME, detail))?;
    let draft = PingDraft {
        id: Some(PingId::named(capturer.token, &name(at, &identity))),
        at: Some(at),
        project: project(identity[PROJECT]),
        ..PingDraft::default()
    };
    pings.admit(capturer, draft).map_err(|error| match error {
        PingDraftError::Moment(MomentError::Ahead(latest)) if at.as_micros() - latest.as_micros() <= AHEAD_MICROS => {
            Outcome::Later(Later::Ahead)
        }
        PingDraftError::Moment(_) => Outcome::Refused(TIME, error.to_string()),
        PingDraftError::ProjectMissing => Outcome::Refused(HEARTBEAT, error.to_string()),
    })
}

fn moment(time: Option<&[u8]>) -> Result<Timestamp, String> {
    let time = Json::parse(time.ok_or("must be given")?).map_err(Problem::into_detail)?;
    moment::from_json(&time)
}

/// The project, with a name as close to the sent one as the rules for names allow. Tokens with a job ignore it.
fn project(json: Option<&[u8]>) -> Option<PingProject> {
    let (sent, fallback) = (json.and_then(items::text).unwrap_or_default(), JobName::new(NO_PROJECT).ok()?);
    let sent = sent.trim();
    if is_placeholder(sent) {
        return Some(PingProject::Unnamed { last: true, fallback });
    }
    Some(JobName::cut(sent).map_or(PingProject::Unnamed { last: false, fallback }, PingProject::Named))
}

/// Whether it is a placeholder that browser plugins send, such as `<<LAST_PROJECT>>`. There are others for branches and
/// languages; none of them is the name of a project.
fn is_placeholder(text: &str) -> bool {
    let word = text.strip_prefix("<<").and_then(|text| text.strip_suffix(">>"));
    word.is_some_and(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
}

/// The name by which repeats of the heartbeat are recognised. It differs from every name that a sender can choose,
/// because those have no control characters.
fn name(at: Timestamp, identity: &[Option<&[u8]>]) -> String {
    let mut name = format!("heartbeat\0{}", at.as_micros());
    for part in identity {
        name.push('\0');
        match part {
            Some(b"true") => name.push_str("true"),
            Some(json) => name.push_str(&items::text(json).unwrap_or_default()),
            None => {}
        }
    }
    name
}
