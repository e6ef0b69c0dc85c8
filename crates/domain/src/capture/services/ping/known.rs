//! Pings wherever they are: in the queue, or dealt with by the ledger.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use thiserror::Error;

use crate::capture::ports::ping::{PingCursor, PingStatus, PingStatusError, RetractPingError};
use crate::capture::{LoggedPing, Ping, PingTarget};
use crate::page::{Page, PageSize};
use crate::values::{JobId, PingId, Timestamp, TokenId};

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

    /// Where it stands in listings, which is the same before it is dealt with and after.
    fn place(&self) -> PingCursor {
        match self {
            Self::Queued(ping) => PingCursor { received_at: ping.received_at, id: ping.id },
            Self::Logged(ping) => ping.into(),
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
    /// Whether queued ones belong to the listing.
    pub(super) fn wants_queued(&self) -> bool {
        matches!(self.state, None | Some(PingState::Queued))
    }

    /// The page that what the queue shows and the ledger's page make.
    pub(super) fn page_of(
        &self,
        queued: Vec<Ping>,
        logged: Page<LoggedPing, PingCursor>,
    ) -> Page<KnownPing, PingCursor> {
        let after = |place: PingCursor| self.after.is_none_or(|after| order(place) < order(after));
        let mut items: Vec<_> = logged.items.into_iter().map(KnownPing::Logged).collect();
        // Dealt with meanwhile, or about to be settled.
        let is_logged = |id: PingId| items.iter().any(|ping| ping.id() == id);
        let queued = once(queued).filter(|ping| self.wants(ping) && !is_logged(ping.id)).map(KnownPing::Queued);
        let queued: Vec<_> = queued.filter(|ping| after(ping.place())).collect();
        items.extend(queued);
        items.sort_unstable_by_key(|ping| Reverse(order(ping.place())));
        // Where the ledger has more, its page is full, and so is this one.
        let follows = logged.next.is_some() || items.len() > self.size.get();
        items.truncate(self.size.get());
        let next = items.last().map(KnownPing::place).filter(|_| follows);
        Page { items, next }
    }

    /// Whether the queued ping is one of those asked for.
    fn wants(&self, ping: &Ping) -> bool {
        self.token.is_none_or(|token| token == ping.token)
            && self.related_job.is_none_or(|job| ping.target == PingTarget::Job(job))
    }
}

fn order(place: PingCursor) -> (Timestamp, PingId) {
    (place.received_at, place.id)
}

/// Each ping once, with its first arrival: that one is logged first, most likely, and then it is the ledger's.
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
    /// It waits for a worker, so that nobody knows yet what it comes to.
    #[error("the ping {0} is queued still")]
    Queued(PingId),
    /// The ledger did not take it back.
    #[error(transparent)]
    Retract(#[from] RetractPingError),
}
