//! The operator's settings: read from layers and checked as a whole before anything starts.
//!
//! Later layers win: the embedded base, the embedded file of the environment, `local.toml` in the working directory
//! (development only), the file that `STINT_CONFIG` names, the files in the folder that `CREDENTIALS_DIRECTORY` names,
//! variables `STINT_SECTION__KEY`. An unknown key or a bad value stops the start. Nothing is read again while the
//! service runs.

mod credentials;
mod database_url;
mod declared;
mod environment;
mod error;
mod key;
mod layer;
mod listen;
mod oidc;
mod period;
mod postgres_url;
mod redis_url;
mod rules;
mod service_link;
mod size;
mod task_times;
mod worker;

use std::path::{Path, PathBuf};

use figment::Figment;

pub(crate) use database_url::DatabaseUrl;
pub(crate) use declared::{
    CaptureSettings, CoalescingSettings, DatabaseSettings, HttpSettings, KEYS, LogSettings, Settings,
};
pub(crate) use environment::Environment;
pub(crate) use error::SettingsError;
pub(crate) use key::Key;
pub(crate) use layer::Surroundings;
pub(crate) use listen::{Listen, SocketMode};
pub(crate) use period::Period;
pub(crate) use postgres_url::PostgresUrl;
pub(crate) use redis_url::RedisUrl;
pub(crate) use size::ByteSize;
pub(crate) use task_times::TaskTimes;
pub(crate) use worker::WhenQueueIsDown;

/// The settings in force, and where each comes from.
#[derive(Debug)]
pub(crate) struct Configuration {
    pub(crate) environment: Environment,
    pub(crate) settings: Settings,
    /// Strongest last.
    pub(crate) files_with_a_password: Vec<PathBuf>,
    layers: Figment,
}

/// One setting in force, to be shown: secrets are masked.
#[derive(Debug)]
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
        // Lossy, because variables are text: "5" must be accepted as a number.
        let settings = layers.extract_lossy().map_err(|error| SettingsError::of(&error, &layers))?;
        if let Some((path, detail)) = KEYS.iter().find_map(|key| Some((key.path, key.rule?(&settings)?))) {
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
