//! How to reach Postgres, and how long to wait for it. What an operator decides has no default here: that is one of the
//! settings'.

use std::fmt;
use std::time::Duration;

use crate::turns::QueueLimits;

/// How to reach Postgres, and how long to wait for it.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresSettings {
    /// `postgres://user:password@host:port/database?option=value`, or libpq's `key=value` form. An option in the URL
    /// overrides the corresponding field below.
    pub url: String,
    /// The most connections for requests. One more is for health checks, and one for migrations while they run. Each
    /// thread that looks something up in groups has up to two of its own.
    pub pool_size: u32,
    /// How many connections are reserved for groups of coalesced writes, so that no slow listing delays them: as
    /// many as [`groups_of_writes`](crate::coalescing::CoalescingSettings::groups_of_writes) may run. Each is opened
    /// when a group first needs it. Behind a transaction pooler look-ups use them, too.
    pub group_pool_size: u32,
    /// How long the server may take to accept a connection. Whole seconds, at least 2.
    pub connect_timeout: Duration,
    /// How long one statement may take.
    pub statement_timeout: Duration,
    /// How long a statement may wait for another transaction's lock. This is to be longer than the server
    /// waits before it looks for a deadlock (`deadlock_timeout`, 1 second); otherwise deadlocks would not be found
    /// and retried. And short, because statements that wait for one job occupy connections that others need.
    pub lock_timeout: Duration,
    /// How long a group of coalesced writes may wait for a lock, such as [`Self::GROUP_LOCK_TIMEOUT`]. While it waits, it keeps its other
    /// jobs locked. After that, only the writes that need the held job go on waiting, with nothing locked.
    pub group_lock_timeout: Duration,
    /// After how many uses by groups the statements of a connection are planned again, such as [`Self::GROUP_USES_PER_PLAN`]. A plan that was made
    /// while a table was new may read a whole index, and a busy ledger outgrows such a plan before the server gathers
    /// statistics and plans again by itself.
    pub group_uses_per_plan: u32,
    /// How long a health check may take, such as [`Self::HEALTH_TIMEOUT`].
    pub health_timeout: Duration,
    /// Limits of the queue for connections.
    pub queue: QueueLimits,
    /// Whether a transaction pooler, such as `PgBouncer`, stands before the server. With a pooler a session keeps
    /// no state: statements are prepared for one transaction, and the time-outs must be set for the role (`ALTER ROLE
    /// ... SET`).
    pub transaction_pooling: bool,
}

impl PostgresSettings {
    /// How long a group waits for a lock, where nobody has a reason for another time.
    pub const GROUP_LOCK_TIMEOUT: Duration = Duration::from_millis(250);
    /// How often a plan is used by groups.
    pub const GROUP_USES_PER_PLAN: u32 = 500;
    /// How long a health check takes at most.
    pub const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

    /// The limit for a connection's start, and probes that find a dead server behind a silent network within half a
    /// minute. The URL may set other values.
    pub(super) fn options(&self) -> [(&'static str, String); 6] {
        let connect_timeout = self.connect_timeout.as_secs().max(2).to_string();
        let constant = |name, value: &str| (name, value.to_owned());
        [
            ("connect_timeout", connect_timeout),
            constant("keepalives_idle", "10"),
            constant("keepalives_interval", "5"),
            constant("keepalives_count", "3"),
            constant("tcp_user_timeout", "20000"),
            constant("application_name", "stint"),
        ]
    }
}

impl fmt::Debug for PostgresSettings {
    /// Leaves out the URL, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSettings")
            .field("pool_size", &self.pool_size)
            .field("group_pool_size", &self.group_pool_size)
            .field("connect_timeout", &self.connect_timeout)
            .field("statement_timeout", &self.statement_timeout)
            .field("lock_timeout", &self.lock_timeout)
            .field("group_lock_timeout", &self.group_lock_timeout)
            .field("group_uses_per_plan", &self.group_uses_per_plan)
            .field("health_timeout", &self.health_timeout)
            .field("queue", &self.queue)
            .field("transaction_pooling", &self.transaction_pooling)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(url: &str) -> PostgresSettings {
        PostgresSettings {
            url: url.to_owned(),
            pool_size: 1,
            group_pool_size: 1,
            connect_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(5),
            lock_timeout: Duration::from_secs(5),
            group_lock_timeout: PostgresSettings::GROUP_LOCK_TIMEOUT,
            group_uses_per_plan: PostgresSettings::GROUP_USES_PER_PLAN,
            health_timeout: PostgresSettings::HEALTH_TIMEOUT,
            queue: QueueLimits { max_waiting: 1, max_wait: Duration::from_secs(5) },
            transaction_pooling: false,
        }
    }

    #[test]
    fn a_password_does_not_show() {
        let settings = settings("postgres://stint:hunter2@h/d");
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
