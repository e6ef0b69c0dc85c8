//! What is said of a ping before it is one, and what may be said.

use std::time::Duration;

use thiserror::Error;

use crate::capture::{Gap, PingProject};
use crate::ledger::{Minutes, WorkSummary};
use crate::values::{PingId, Timestamp};

/// What is taken for captured time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureLimits {
    /// The gap of new tokens.
    pub gap: Gap,
    /// How old a ping may be.
    pub max_age: Duration,
    /// How far in the future a ping may be, for clocks that are fast.
    pub ahead: Duration,
    /// For how many projects without a job a token may have one made on one of its days.
    pub new_jobs_per_day: u32,
}

impl Default for CaptureLimits {
    /// The default gap, 14 days, an hour, 200.
    fn default() -> Self {
        const HOUR: Duration = Duration::from_hours(1);
        Self { gap: Gap::default(), max_age: HOUR * 24 * 14, ahead: HOUR, new_jobs_per_day: 200 }
    }
}

impl CaptureLimits {
    /// Passes when a ping that comes in now may have this moment.
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

/// What a sender says of a ping.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PingDraft {
    /// Which ping, when the sender named it: see [`PingId::named`]. A repeat has the same.
    pub id: Option<PingId>,
    /// When work was happening; now, when none.
    pub at: Option<Timestamp>,
    /// How long, when it is an entry of its own.
    pub minutes: Option<Minutes>,
    /// What was done.
    pub summary: Option<WorkSummary>,
    /// What it counts for, by a token that is bound to no job; others need none and ignore it.
    pub project: Option<PingProject>,
}

/// A moment that no ping may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MomentError {
    /// It is too long ago.
    #[error("too old: must not be before {0}")]
    TooOld(Timestamp),
    /// It is in the future.
    #[error("in the future: must not be after {0}")]
    Ahead(Timestamp),
}

/// Why a ping is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PingDraftError {
    /// Its moment is none that it may have.
    #[error(transparent)]
    Moment(#[from] MomentError),
    /// The token is bound to no job, and the ping names no project.
    #[error("must be given: the token is bound to no job")]
    ProjectMissing,
}
