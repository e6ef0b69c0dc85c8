//! The state of a ledger in memory.

use std::collections::{BTreeMap, HashMap, HashSet};

use stint_domain::capture::Ping;
use stint_domain::ledger::{IdempotencyKey, JobName};
use stint_domain::values::{DateStamp, JobId, PingId, Timestamp, TokenId};
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

/// The projects that were counted for each token, by day.
pub(super) type CountedProjects = HashMap<TokenId, BTreeMap<DateStamp, HashSet<JobName>>>;

/// When each key was first used by a write that was not refused.
pub(super) type FirstUses = HashMap<(TokenId, IdempotencyKey), Timestamp>;
