//! How to reach Redis, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use crate::blocking::QueueLimits;
use crate::grouping::GroupLimits;

/// How to reach Redis, and how long to wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/db`, all but the host optional; or `unix:///path?db=0&user=...&pass=...`. What is
    /// not a plain letter or digit in user and password is percent-encoded. TLS (`rediss:`) is not supported.
    pub url: String,
    /// What the names of its keys start with: `stint:`. Two services on one Redis need two.
    pub prefix: String,
    /// How long the server may take to accept a connection: 1 second. Looking up the host's name comes on top.
    pub connect_timeout: Duration,
    /// How long it may take to answer: 2 seconds.
    pub response_timeout: Duration,
    /// How many connections serve everything but takes, at most: 4.
    pub connections: u32,
    /// How many takes wait at the same time, each on a connection of its own: 4. More of them take turns.
    pub consumers: u32,
    /// How long the queues for connections may get.
    pub queue: QueueLimits,
    /// Groups of pushes that share a round trip: one of up to 1,000 pings at a time, one more when that is stuck or another
    /// whole group waits; 20,000 pings may wait.
    pub pushes: GroupLimits,
}

impl RedisSettings {
    /// The settings above, for the server that `url` names.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "stint:".to_owned(),
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_secs(2),
            connections: 4,
            consumers: 4,
            queue: QueueLimits::default(),
            pushes: GroupLimits {
                workers: 1,
                spare_workers: 1,
                stuck_after: Duration::from_millis(50),
                group_weight: 1_000,
                max_waiting: 20_000,
                split_for: Duration::ZERO,
            },
        }
    }
}

impl fmt::Debug for RedisSettings {
    /// Leaves the URL out, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisSettings")
            .field("prefix", &self.prefix)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("connections", &self.connections)
            .field("consumers", &self.consumers)
            .field("queue", &self.queue)
            .field("pushes", &self.pushes)
            .finish_non_exhaustive()
    }
}
