//! Pings that can be looked up: queued or logged.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use thiserror::Error;

use crate::capture::ports::ping::{PingCursor, PingStatus, PingStatusError, RetractPingError};
use crate::capture::{LoggedPing, Ping, PingTarget};
use crate::page::{Page, PageSize};
use crate::values::{JobId, PingId, Subject, TokenId};

/// The state of a ping, for filtering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PingState {
    /// It waits in the queue for a worker.
    Queued,
    /// The ledger decided its outcome.
    DealtWith(PingStatus),
}

/// The text is no name of a [`PingState`].
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

/// A ping that can be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrackedPing {
    /// It waits in the queue for a worker.
    Queued(Ping),
    /// The ledger decided its outcome.
    Logged(LoggedPing),
}

impl TrackedPing {
    /// The capture token that sent it.
    pub(super) fn token(&self) -> TokenId {
        match self {
            Self::Queued(ping) => ping.token,
            Self::Logged(ping) => ping.token,
        }
    }

    /// The same in both states.
    pub fn id(&self) -> PingId {
        self.place().id
    }

    /// Its place in listings, the same in both states.
    fn place(&self) -> PingCursor {
        match self {
            Self::Queued(ping) => PingCursor { received_at: ping.received_at, id: ping.id },
            Self::Logged(ping) => ping.into(),
        }
    }
}

/// The query of a page of pings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListTrackedPings {
    /// Only pings of this token.
    pub token: Option<TokenId>,
    /// Only pings for this job. A queued ping whose project is not looked up yet has no job.
    pub related_job: Option<JobId>,
    /// Only pings in this state.
    pub state: Option<PingState>,
    /// The most pings on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<PingCursor>,
}

impl ListTrackedPings {
    /// Whether the query can match queued pings.
    pub(super) fn wants_queued(&self) -> bool {
        matches!(self.state, None | Some(PingState::Queued))
    }

    /// Merges the queued pings, of the owner's alone if there is one, and the ledger's page into one page.
    pub(super) fn page_of(
        &self,
        owner: Option<&Subject>,
        queued: Vec<Ping>,
        logged: Page<LoggedPing, PingCursor>,
    ) -> Page<TrackedPing, PingCursor> {
        let after = |place: PingCursor| self.after.is_none_or(|after| place < after);
        let mut items: Vec<_> = logged.items.into_iter().map(TrackedPing::Logged).collect();
        // The worker has logged them since, and settles them soon.
        let is_logged = |id: PingId| items.iter().any(|ping| ping.id() == id);
        let is_owned = |ping: &Ping| owner.is_none_or(|owner| ping.subject == *owner);
        let is_wanted = |ping: &Ping| self.wants(ping) && is_owned(ping) && !is_logged(ping.id);
        let queued = once(queued).filter(is_wanted).map(TrackedPing::Queued);
        let queued: Vec<_> = queued.filter(|ping| after(ping.place())).collect();
        items.extend(queued);
        items.sort_unstable_by_key(|ping| Reverse(ping.place()));
        // If the ledger has more, its page is full, and so is this one.
        let follows = logged.next.is_some() || items.len() > self.size.get();
        items.truncate(self.size.get());
        let next = items.last().map(TrackedPing::place).filter(|_| follows);
        Page { items, next }
    }

    /// Whether the query matches the queued ping.
    fn wants(&self, ping: &Ping) -> bool {
        self.token.is_none_or(|token| token == ping.token)
            && self.related_job.is_none_or(|job| ping.target == PingTarget::Job(job))
    }
}

/// Keeps the first arrival of each ping: most likely that one will be logged first, and then the ledger shows it.
fn once(queued: Vec<Ping>) -> impl Iterator<Item = Ping> {
    let mut first = HashMap::with_capacity(queued.len());
    for ping in queued {
        match first.entry(ping.id) {
            Entry::Vacant(place) => drop(place.insert(ping)),
            Entry::Occupied(mut place) if place.get().received_at > ping.received_at => drop(place.insert(ping)),
            Entry::Occupied(_) => {}
        }
    }
    first.into_values()
}

/// Why a ping was not taken back.
#[derive(Debug, Clone, Error)]
pub enum TakeBackError {
    /// It waits in the queue, so its outcome is not decided yet.
    #[error("the ping {0} is queued still")]
    Queued(PingId),
    /// The ledger refused, or failed.
    #[error(transparent)]
    Retract(#[from] RetractPingError),
}
