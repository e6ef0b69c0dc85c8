//! Pings wherever they are: in the queue, or dealt with by the ledger.

use thiserror::Error;

use crate::page::PageSize;
use crate::ping::{LoggedPing, Ping, PingTarget};
use crate::ports::ping::{PingCursor, PingStatus, PingStatusError, RetractPingError};
use crate::values::{JobId, PingId, TokenId};

/// The states by which pings are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PingState {
    /// It waits for a worker.
    Queued,
    /// The ledger has dealt with it.
    DealtWith(PingStatus),
}

/// Text that names no state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `queued`, `logged`, `ignored` or `retracted`")]
pub struct PingStateError;

impl std::str::FromStr for PingState {
    type Err = PingStateError;

    fn from_str(text: &str) -> Result<Self, PingStateError> {
        match text {
            "queued" => Ok(Self::Queued),
            text => text.parse().map(Self::DealtWith).map_err(|PingStatusError| PingStateError),
        }
    }
}

/// A ping, wherever it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KnownPing {
    /// It waits for a worker.
    Queued(Ping),
    /// The ledger has dealt with it.
    Logged(LoggedPing),
}

impl KnownPing {
    /// Which ping.
    pub fn id(&self) -> PingId {
        match self {
            Self::Queued(ping) => ping.id,
            Self::Logged(ping) => ping.id,
        }
    }
}

/// Which pings, and which page of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListKnownPings {
    /// Only those of this token.
    pub token: Option<TokenId>,
    /// Only those for this job; queued ones whose project is yet to be looked up are none.
    pub related_job: Option<JobId>,
    /// Only those in this state.
    pub state: Option<PingState>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<PingCursor>,
}

impl ListKnownPings {
    /// Whether queued ones belong to the page.
    pub(super) fn wants_queued(&self) -> bool {
        self.after.is_none() && matches!(self.state, None | Some(PingState::Queued))
    }

    /// Whether the queued ping is one of those asked for.
    pub(super) fn wants(&self, ping: &Ping) -> bool {
        self.token.is_none_or(|token| token == ping.token)
            && self.related_job.is_none_or(|job| ping.target == PingTarget::Job(job))
    }
}

/// Why a ping was not taken back.
#[derive(Debug, Clone, Error)]
pub enum TakeBackError {
    /// It waits for a worker, so that nobody knows yet what it comes to.
    #[error("the ping {0} is queued still")]
    Queued(PingId),
    /// The ledger did not take it back.
    #[error(transparent)]
    Retract(#[from] RetractPingError),
}
