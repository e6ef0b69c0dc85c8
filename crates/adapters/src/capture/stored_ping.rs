//! The stored form of a waiting ping: JSON, the same for every backend.
//!
//! A queue outlives an upgrade and its rollback, so two releases read each other's texts. A release ignores fields
//! that it does not know, and a field that a later release adds must be optional. Where that is impossible, the
//! version grows. A release that does not know the version hands the text out as one that it cannot read; nothing is
//! dropped.
//!
//! Keys are short because they are stored with every ping. Values that are read pass the domain's constructors.
//! Deliberately absent: where the text is stored.

use serde::{Deserialize, Serialize};
use stint_domain::capture::{Gap, Ping, PingProject, PingTarget};
use stint_domain::ledger::{JobName, Minutes, WorkSummary};
use stint_domain::values::{JobId, PingId, Subject, Timestamp, TokenId, Zone};
use uuid::Uuid;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The version that this release writes, and the newest that it reads.
const VERSION: u32 = 1;

/// The fields in the order of [`Ping`].
#[derive(Serialize, Deserialize)]
struct StoredPing<'a> {
    v: u32,
    id: Uuid,
    tok: Uuid,
    sub: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prj: Option<Text<'a>>,
    /// Present when the sender named no project: whether to use the last named one. `prj` is then the project to use
    /// otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<bool>,
    /// Whether a project without a job gets a new one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    new: bool,
    tz: Text<'a>,
    gap: i64,
    at: i64,
    rcv: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sum: Option<Text<'a>>,
}

type Text<'a> = std::borrow::Cow<'a, str>;

/// The text to store.
pub(crate) fn to_text(ping: &Ping) -> String {
    let (job, project, new) = match &ping.target {
        PingTarget::Job(job) => (Some(job.as_uuid()), None, false),
        PingTarget::Project { project, create } => (None, Some(project), *create),
    };
    let (prj, last) = match project {
        None => (None, None),
        Some(PingProject::Named(name)) => (Some(name.as_str().into()), None),
        Some(PingProject::Unnamed { last, fallback }) => (Some(fallback.as_str().into()), Some(*last)),
    };
    let stored = StoredPing {
        v: VERSION,
        id: ping.id.as_uuid(),
        tok: ping.token.as_uuid(),
        sub: ping.subject.as_str().into(),
        job,
        prj,
        last,
        new,
        tz: ping.zone.as_str().into(),
        gap: ping.gap.as_secs().into(),
        at: ping.at.as_micros(),
        rcv: ping.received_at.as_micros(),
        min: ping.minutes.map(|minutes| minutes.get().into()),
        sum: ping.summary.as_ref().map(|summary| summary.as_str().into()),
    };
    // A plain struct of numbers and strings can always be serialised.
    serde_json::to_string(&stored).unwrap_or_default()
}

/// Parses a stored text. The error is the reason why it is no ping.
pub(crate) fn from_text(text: &str) -> Result<Ping, String> {
    parse(text).map_err(|error| format!("what is stored is no ping: {error}"))
}

fn parse(text: &str) -> Result<Ping, BoxError> {
    #[derive(Deserialize)]
    struct Version {
        v: u32,
    }

    let Version { v } = serde_json::from_str(text)?;
    if v > VERSION {
        return Err(format!("its version is {v}, and this release reads up to {VERSION}").into());
    }
    let stored: StoredPing<'_> = serde_json::from_str(text)?;
    let target = match (stored.job, stored.prj) {
        (Some(job), None) => PingTarget::Job(JobId::new(job)),
        (None, Some(name)) => {
            let name = JobName::stored(&name)?;
            let project = match stored.last {
                None => PingProject::Named(name),
                Some(last) => PingProject::Unnamed { last, fallback: name },
            };
            PingTarget::Project { project, create: stored.new }
        }
        _ => return Err("it names not exactly one of `job` and `prj`".into()),
    };
    Ok(Ping {
        id: PingId::new(stored.id),
        token: TokenId::new(stored.tok),
        subject: Subject::stored(&stored.sub)?,
        target,
        zone: stored.tz.parse::<Zone>()?,
        gap: Gap::new(stored.gap)?,
        at: Timestamp::from_micros(stored.at)?,
        received_at: Timestamp::from_micros(stored.rcv)?,
        minutes: stored.min.map(Minutes::new).transpose()?,
        summary: stored.sum.map(|summary| WorkSummary::stored(&summary)).transpose()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ping() -> Ping {
        Ping {
            id: PingId::new(Uuid::from_u128(1)),
            token: TokenId::new(Uuid::from_u128(2)),
            subject: Subject::new("ada").unwrap(),
            target: PingTarget::Job(JobId::new(Uuid::from_u128(3))),
            zone: Zone::UTC,
            gap: Gap::default(),
            at: Timestamp::from_micros(1_700_000_000_000_001).unwrap(),
            received_at: Timestamp::from_micros(1_700_000_000_000_002).unwrap(),
            minutes: None,
            summary: None,
        }
    }

    const FIRST: &str = r#"{"v":1,"id":"00000000-0000-0000-0000-000000000001","tok":"00000000-0000-0000-0000-000000000002","sub":"ada","job":"00000000-0000-0000-0000-000000000003","tz":"UTC","gap":900,"at":1700000000000001,"rcv":1700000000000002}"#;

    /// Pings wait while a release is replaced, so this exact text must stay readable: add a version instead of
    /// changing it.
    #[test]
    fn the_form_of_the_first_release_stays_readable() {
        assert_eq!(to_text(&ping()), FIRST);
        assert_eq!(from_text(FIRST), Ok(ping()));
    }

    #[test]
    fn a_field_that_a_later_release_added_is_passed_over() {
        assert_eq!(from_text(&FIRST.replace("\"v\":1,", "\"v\":1,\"mood\":[\"good\"],")), Ok(ping()));
    }

    #[test]
    fn what_is_said_of_a_project_reads_back() {
        let name = |text: &str| JobName::new(text).unwrap();
        let unnamed = |last| PingProject::Unnamed { last, fallback: name("Unknown Project") };
        for project in [PingProject::Named(name("stint")), unnamed(false), unnamed(true)] {
            let ping = Ping { target: PingTarget::Project { project, create: true }, ..ping() };
            assert_eq!(from_text(&to_text(&ping)), Ok(ping));
        }
    }

    #[test]
    fn what_is_no_ping_says_why() {
        let reason = |text: &str| from_text(text).unwrap_err();
        assert!(reason("").starts_with("what is stored is no ping: "), "{}", reason(""));
        assert!(reason("{\"v\":1}").contains("missing field `id`"), "{}", reason("{\"v\":1}"));
        let later = reason(&FIRST.replace("\"v\":1", "\"v\":2"));
        assert!(later.ends_with("its version is 2, and this release reads up to 1"), "{later}");
        let both = reason(&FIRST.replace("\"tz\"", "\"prj\":\"x\",\"tz\""));
        assert!(both.ends_with("it names not exactly one of `job` and `prj`"), "{both}");
        assert!(reason(&FIRST.replace("900", "0")).contains("seconds from 1 to 86400"));
        assert!(reason(&FIRST.replace("UTC", "Moon")).contains("IANA"));
    }
}
