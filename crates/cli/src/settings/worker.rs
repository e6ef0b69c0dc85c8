//! The sections about pings and background work. What each key means stands in [`KEYS`](super::KEYS).

use std::net::SocketAddr;

use serde::Deserialize;

use super::{DatabaseUrl, Period, RedisUrl, Settings, TaskTimes};

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RedisSettings {
    pub(crate) url: RedisUrl,
    pub(crate) connect_timeout: Period,
    pub(crate) response_timeout: Period,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CaptureSettings {
    pub(crate) gap: Period,
    pub(crate) max_age: Period,
    pub(crate) when_queue_is_down: WhenQueueIsDown,
}

/// What becomes of pings while the queue is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WhenQueueIsDown {
    /// They are refused, and sent again by those who care.
    Refuse,
    /// They wait in the database.
    Spool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct WorkerSettings {
    pub(crate) in_serve: InServe,
    pub(crate) group: usize,
    pub(crate) abandoned_after: Period,
    pub(crate) metrics_listen: SocketAddr,
}

/// Whether the service does the worker's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum InServe {
    /// Where there is one process anyway.
    Auto,
    True,
    False,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct RetentionSettings {
    pub(crate) idempotency_keys: Period,
    pub(crate) pings: Period,
    pub(crate) task_runs: Period,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct TasksSettings {
    pub(crate) prune_idempotency_keys: TaskTimes,
    pub(crate) prune_pings: TaskTimes,
    pub(crate) prune_task_runs: TaskTimes,
    pub(crate) verify_totals: TaskTimes,
}

impl Settings {
    /// Whether `stint serve` drains the queue and runs tasks.
    pub(crate) fn works_in_serve(&self) -> bool {
        match self.worker.in_serve {
            InServe::True => true,
            InServe::False => false,
            InServe::Auto => matches!(self.database.url, DatabaseUrl::Sqlite(_)) && !self.redis.url.is_some(),
        }
    }
}
