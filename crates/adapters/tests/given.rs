//! The settings that tests run with, where they do not care.

use std::time::Duration;

#[cfg(all(feature = "redis", feature = "test-support"))]
use stint_adapters::capture::redis::RedisSettings;
use stint_adapters::coalescing::{CoalescingSettings, CoalescingSizes};
#[cfg(feature = "test-support")]
use stint_adapters::postgres::PostgresSettings;
#[cfg(feature = "sqlite")]
use stint_adapters::sqlite::SqliteSettings;
use stint_adapters::turns::QueueLimits;

pub(crate) const QUEUE: QueueLimits = QueueLimits { max_waiting: 1_000, max_wait: Duration::from_secs(5) };

pub(crate) const COALESCING: CoalescingSettings = CoalescingSettings::new(CoalescingSizes {
    writers: 1,
    readers: 1,
    max_rows: 1_000,
    max_ids: 200,
    page_readers: 2,
    max_page_rows: 250,
    max_waiting: 10_000,
});

#[cfg(feature = "test-support")]
pub(crate) fn postgres(url: impl Into<String>) -> PostgresSettings {
    PostgresSettings {
        url: url.into(),
        pool_size: 10,
        group_pool_size: 10,
        connect_timeout: Duration::from_secs(5),
        statement_timeout: Duration::from_secs(10),
        lock_timeout: Duration::from_millis(1_500),
        group_lock_timeout: PostgresSettings::GROUP_LOCK_TIMEOUT,
        group_uses_per_plan: PostgresSettings::GROUP_USES_PER_PLAN,
        health_timeout: PostgresSettings::HEALTH_TIMEOUT,
        queue: QUEUE,
        transaction_pooling: false,
    }
}

#[cfg(feature = "sqlite")]
pub(crate) fn sqlite(path: impl Into<std::path::PathBuf>) -> SqliteSettings {
    SqliteSettings {
        path: path.into(),
        readers: 4,
        busy_timeout: Duration::from_secs(5),
        health_timeout: SqliteSettings::HEALTH_TIMEOUT,
        queue: QUEUE,
    }
}

#[cfg(all(feature = "redis", feature = "test-support"))]
pub(crate) fn redis(url: impl Into<String>) -> RedisSettings {
    RedisSettings::new(url, Duration::from_secs(1), Duration::from_secs(2))
}
