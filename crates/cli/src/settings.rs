//! What an operator decides: read from layers, checked whole before anything starts.
//!
//! Layers, of which later ones win: the embedded base, the embedded file of the environment, `local.toml` in the working
//! directory (development only), the file that `STINT_CONFIG` names, the files in the folder that `CREDENTIALS_DIRECTORY` names,
//! variables `STINT_SECTION__KEY`. A key that nobody knows and a value that does not parse stop the start. Nothing is read again while the service runs.

mod credentials;
mod database_url;
mod environment;
mod error;
mod key;
mod layer;
mod listen;
mod period;
mod postgres_url;
mod redis_url;
mod rules;
mod service_link;
mod size;
mod task_times;
mod worker;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use figment::Figment;
use serde::Deserialize;
use stint_web::{BasePath, CorsOrigins};

pub(crate) use database_url::DatabaseUrl;
pub(crate) use environment::Environment;
pub(crate) use error::SettingsError;
pub(crate) use key::{KEYS, Key};
pub(crate) use layer::Surroundings;
pub(crate) use listen::{Listen, SocketMode};
pub(crate) use period::Period;
pub(crate) use postgres_url::PostgresUrl;
pub(crate) use redis_url::RedisUrl;
pub(crate) use size::ByteSize;
pub(crate) use task_times::TaskTimes;
pub(crate) use worker::{
    CaptureSettings, RedisSettings, RetentionSettings, TasksSettings, WhenQueueIsDown, WorkerSettings,
};

use crate::telemetry::{LogFilter, LogFormat};

/// Everything an operator decides. The meaning of each key stands in [`KEYS`], its default in `settings/base.toml`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Settings {
    pub(crate) database: DatabaseSettings,
    pub(crate) redis: RedisSettings,
    pub(crate) coalescing: CoalescingSettings,
    pub(crate) http: HttpSettings,
    pub(crate) capture: CaptureSettings,
    pub(crate) worker: WorkerSettings,
    pub(crate) retention: RetentionSettings,
    pub(crate) tasks: TasksSettings,
    pub(crate) metrics: MetricsSettings,
    pub(crate) log: LogSettings,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct DatabaseSettings {
    pub(crate) url: DatabaseUrl,
    pub(crate) pool_size: u32,
    pub(crate) connect_timeout: Period,
    pub(crate) statement_timeout: Period,
    pub(crate) lock_timeout: Period,
    pub(crate) busy_timeout: Period,
    pub(crate) max_waiting: usize,
    pub(crate) transaction_pooling: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct CoalescingSettings {
    pub(crate) writers: NonZeroUsize,
    pub(crate) readers: NonZeroUsize,
    pub(crate) max_rows: NonZeroUsize,
    pub(crate) max_ids: NonZeroUsize,
    pub(crate) page_readers: NonZeroUsize,
    pub(crate) max_page_rows: NonZeroUsize,
    pub(crate) max_waiting: NonZeroUsize,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct HttpSettings {
    pub(crate) listen: Listen,
    pub(crate) socket_mode: SocketMode,
    pub(crate) base_path: BasePath,
    pub(crate) cors_origins: CorsOrigins,
    pub(crate) workers: usize,
    pub(crate) body_limit: ByteSize,
    pub(crate) batch_limit: ByteSize,
    pub(crate) body_budget: ByteSize,
    pub(crate) request_timeout: Period,
    pub(crate) header_timeout: Period,
    pub(crate) keep_alive: Period,
    pub(crate) write_timeout: Period,
    pub(crate) max_connections: NonZeroUsize,
    pub(crate) drain_delay: Period,
    pub(crate) shutdown_timeout: Period,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct MetricsSettings {
    pub(crate) listen: std::net::SocketAddr,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct LogSettings {
    pub(crate) format: LogFormat,
    pub(crate) level: LogFilter,
}

/// The settings in force, and where each comes from.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
    /// Strongest last.
    pub(crate) files_with_a_password: Vec<PathBuf>,
    layers: Figment,
}

/// One setting in force, fit to be shown: secrets are masked.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct InForce {
    pub(crate) key: &'static Key,
    pub(crate) value: String,
    pub(crate) source: String,
}

impl Configuration {
    /// Reads all layers.
    pub(crate) fn load(surroundings: &Surroundings) -> Result<Self, SettingsError> {
        let environment = surroundings.environment()?;
        let (mut layers, mut files_with_a_password) = (Figment::new(), Vec::new());
        for layer in surroundings.layers(environment)? {
            layer.refuse_unknown_keys()?;
            files_with_a_password.extend(layer.file_with_a_password().map(Path::to_owned));
            layers = layers.merge(layer);
        }
        // Lossy, because variables are text: "5" is a number where one is expected.
        let settings = layers.extract_lossy().map_err(|error| SettingsError::of(&error, &layers))?;
        if let Some((path, detail)) = rules::broken(&settings) {
            return Err(SettingsError::bad(path, detail, &layers));
        }
        Ok(Self { environment, settings, files_with_a_password, layers })
    }

    /// Every setting, in the order of [`KEYS`].
    pub(crate) fn in_force(&self) -> impl Iterator<Item = InForce> {
        KEYS.iter().filter_map(|key| {
            let value = self.layers.find_value(key.path).ok()?;
            let source = self.layers.get_metadata(value.tag())?.name.to_string();
            Some(InForce { key, value: key.shown(&value), source })
        })
    }
}

#[cfg(test)]
mod tests;
