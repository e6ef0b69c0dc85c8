//! The state of a ledger in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};

use stint_domain::access::SecretHash;
use stint_domain::capture::Ping;
use stint_domain::ledger::{IdempotencyKey, JobName};
use stint_domain::people::Identity;
use stint_domain::values::{DateStamp, JobId, PersonId, PingId, Timestamp, TokenId};
use stint_domain::{Page, PageSize};
use tokio::time::Instant;

use crate::capture::counting::{Captured, NewPing, ProjectKey};

/// Captured data, except what waits in the queue.
#[derive(Default)]
pub(super) struct Capture {
    pub(super) captured: Captured,
    pub(super) pings: BTreeMap<PingId, NewPing>,
    pub(super) projects: HashMap<ProjectKey, JobId>,
}

/// The queue. A place is never used again, so a settled ping stays settled.
#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) last_place: u64,
    pub(super) waiting: BTreeMap<u64, Waiting>,
    pub(super) dead: BTreeMap<u64, Dead>,
}

/// A waiting ping.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) ping: Ping,
    pub(super) taken_at: Option<Instant>,
    pub(super) deliveries: u32,
}

/// A buried ping.
#[derive(Debug)]
pub(super) struct Dead {
    pub(super) ping: Ping,
    pub(super) reason: String,
    pub(super) buried_at: Timestamp,
}

/// Whose identities are, and which keys were used, with the moment until when they would be taken.
#[derive(Debug, Default, Clone)]
pub(super) struct Identities {
    pub(super) people: HashMap<Identity, PersonId>,
    pub(super) used: HashMap<SecretHash, Timestamp>,
}

/// The projects that were counted for each token, by day.
pub(super) type CountedProjects = HashMap<TokenId, BTreeMap<DateStamp, HashSet<JobName>>>;

/// When each key was first used by a write that was not refused.
pub(super) type FirstUses = HashMap<(TokenId, IdempotencyKey), Timestamp>;

/// A page of these items, latest first.
pub(super) fn latest_first<'a, T, C>(items: impl Iterator<Item = &'a T>, after: Option<C>, size: PageSize) -> Page<T, C>
where
    T: Clone + 'a,
    C: Copy + Ord + for<'b> From<&'b T>,
{
    let follows = |item: &&T| after.is_none_or(|after| C::from(item) < after);
    let mut found: Vec<T> = items.filter(follows).cloned().collect();
    found.sort_by_key(|item| Reverse(C::from(item)));
    Page::of(found, size, |last| C::from(last))
}
