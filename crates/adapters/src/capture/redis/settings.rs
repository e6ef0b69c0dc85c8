//! How to reach Redis, and how long to wait for it.

use std::fmt;
use std::time::Duration;

use crate::grouping::GroupLimits;
use crate::turns::QueueLimits;

/// How to reach Redis, and how long to wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct RedisSettings {
    /// `redis://user:password@host:port/db`, where only the host is required; or
    /// `unix:///path?db=0&user=...&pass=...`. Percent-encode everything in user and password that is not a plain
    /// letter or digit. TLS (`rediss:`) is not supported.
    pub url: String,
    /// The prefix of its keys: `stint:`. Two services on one Redis need two prefixes.
    pub prefix: String,
    /// How long the server may take to accept a connection. Looking up the host's name may take longer.
    pub connect_timeout: Duration,
    /// How long an answer may take.
    pub response_timeout: Duration,
    /// The most connections for everything but takes: 4.
    pub connections: u32,
    /// How many takes may wait at the same time, each on a connection of its own: 4. Further takes take turns.
    pub consumers: u32,
    /// Limits of the queues for connections: 1,000 callers, 5 seconds.
    pub queue: QueueLimits,
    /// Groups of pushes that share a round trip: one of up to 1,000 pings at a time, and one more when that is stuck
    /// or another whole group waits. 20,000 pings may wait.
    pub pushes: GroupLimits,
}

impl RedisSettings {
    /// The server that `url` names, with these time-outs, and the rest as above.
    pub fn new(url: impl Into<String>, connect_timeout: Duration, response_timeout: Duration) -> Self {
        Self {
            url: url.into(),
            prefix: "stint:".to_owned(),
            connect_timeout,
            response_timeout,
            connections: 4,
            consumers: 4,
            queue: QueueLimits { max_waiting: 1_000, max_wait: Duration::from_secs(5) },
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
    /// Leaves out the URL, which may contain a password.
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
