//! The sender's input for a ping, and the limits on it.

use std::time::Duration;

use thiserror::Error;

use crate::capture::{Gap, PingProject};
use crate::ledger::{Minutes, WorkSummary};
use crate::values::{PingId, Timestamp};

/// Limits on captured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureLimits {
    /// The gap of new tokens.
    pub gap: Gap,
    /// The greatest age of a ping.
    pub max_age: Duration,
    /// How far in the future a ping's moment may be, for senders whose clock is fast.
    pub ahead: Duration,
    /// For how many new projects one token may have jobs created on one of its days.
    pub new_jobs_per_day: u32,
}

impl Default for CaptureLimits {
    /// A gap of 15 minutes, an age of 14 days, an hour ahead, 200 new projects.
    fn default() -> Self {
        const HOUR: Duration = Duration::from_hours(1);
        Self { gap: Gap::default(), max_age: HOUR * 24 * 14, ahead: HOUR, new_jobs_per_day: 200 }
    }
}

impl CaptureLimits {
    /// Fails when a ping that comes in now may not have this moment.
    pub(super) fn check(&self, now: Timestamp, at: Timestamp) -> Result<(), MomentError> {
        let micros = |span: Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
        let moment = |micros: i64| Timestamp::from_micros(micros).unwrap_or(now);
        let oldest = now.as_micros().saturating_sub(micros(self.max_age));
        let latest = now.as_micros().saturating_add(micros(self.ahead));
        match at.as_micros() {
            at if at < oldest => Err(MomentError::TooOld(moment(oldest))),
            at if at > latest => Err(MomentError::Ahead(moment(latest))),
            _ => Ok(()),
        }
    }
}

/// The sender's input for a ping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PingDraft {
    /// The ping's id, when the sender named the ping (see [`PingId::named`]). A repeat has the same id.
    pub id: Option<PingId>,
    /// The time at which work was happening; now, when `None`.
    pub at: Option<Timestamp>,
    /// The length of a ping that is an entry of its own.
    pub minutes: Option<Minutes>,
    /// A description of the work.
    pub summary: Option<WorkSummary>,
    /// The project. Required when the token is bound to no job, and ignored when it is bound to one.
    pub project: Option<PingProject>,
}

/// A ping's moment is outside the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MomentError {
    /// It is before this earliest moment.
    #[error("too old: must not be before {0}")]
    TooOld(Timestamp),
    /// It is after this latest moment.
    #[error("in the future: must not be after {0}")]
    Ahead(Timestamp),
}

/// Why a ping is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PingDraftError {
    /// Its moment is outside the limits.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// The token is bound to no job, and the ping names no project.
    #[error("must be given: the token is bound to no job")]
    ProjectMissing,
}
