//! The names of the keys in Redis.

/// The consumer group.
pub(super) const GROUP: &str = "workers";

/// The names of the streams.
pub(super) struct Keys {
    pub(super) pings: String,
    pub(super) dead: String,
}

impl Keys {
    /// The names that begin with `prefix`. The part in braces keeps both on one node of a cluster.
    pub(super) fn below(prefix: &str) -> Self {
        Self { pings: format!("{prefix}{{pings}}"), dead: format!("{prefix}{{pings}}:dead") }
    }
}
