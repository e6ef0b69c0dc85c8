//! The layers of settings, each with the name that is shown to people.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::environment::Environment;
use super::error::SettingsError;
use super::key::Key;
use super::{KEYS, credentials, service_link};

const PREFIX: &str = "STINT_";
/// Short names of the most common settings.
const PLAIN_URLS: [(&str, &str); 2] = [("STINT_DATABASE_URL", "database.url"), ("STINT_REDIS_URL", "redis.url")];
/// Variables with the prefix `STINT_` that are not settings: they choose the layers, label a build, or configure the
/// tests. The variables that Kubernetes sets are in [`service_link`].
const NO_SETTINGS: [&str; 3] = ["STINT_ENV", "STINT_CONFIG", "STINT_VERSION"];
const FOR_TESTS: &str = "STINT_TEST_";

/// The surroundings of a process. This is a value, so that tests need not change their own process.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) variables: Vec<(OsString, OsString)>,
    pub(crate) directory: PathBuf,
}

impl Surroundings {
    /// The surroundings of this process.
    pub(crate) fn of_process() -> Self {
        // The directory stays empty, because relative paths start at the working directory anyway.
        Self { variables: std::env::vars_os().collect(), directory: PathBuf::new() }
    }

    pub(super) fn environment(&self) -> Result<Environment, SettingsError> {
        match self.variable("STINT_ENV")? {
            None => Ok(Environment::Deployment),
            Some(value) => value.parse().map_err(|source| SettingsError::Environment { value, source }),
        }
    }

    /// All layers, the strongest last.
    pub(super) fn layers(&self, environment: Environment) -> Result<Vec<Layer>, SettingsError> {
        let (name, text) = environment.layer();
        let mut layers = vec![Layer::base(), Layer::of_toml(name, text)?];
        let local = self.directory.join("local.toml");
        if environment.is_development() && local.exists() {
            layers.push(Layer::of_file(&local)?);
        }
        if let Some(path) = self.variable("STINT_CONFIG")? {
            layers.push(Layer::of_file(&self.directory.join(path))?);
        }
        if let Some(directory) = self.variable(credentials::DIRECTORY)?.filter(|name| !name.is_empty()) {
            layers.extend(credentials::layers(&self.directory.join(directory))?);
        }
        layers.extend(self.variable_layers()?);
        Ok(layers)
    }

    /// One layer for each variable, so that each is its own source.
    fn variable_layers(&self) -> Result<Vec<Layer>, SettingsError> {
        let is_setting = |name: &str, value: &OsString| {
            name.strip_prefix(PREFIX).is_some_and(|rest| !service_link::is(rest, &value.to_string_lossy()))
                && !name.starts_with(FOR_TESTS)
                && !NO_SETTINGS.contains(&name)
        };
        let mut names: Vec<_> = self
            .variables
            .iter()
            .filter_map(|(name, value)| name.to_str().filter(|name| is_setting(name, value)))
            .collect();
        // So STINT_DATABASE_URL comes before STINT_DATABASE__URL, which wins.
        names.sort_unstable();
        names.into_iter().map(|name| Ok(Layer::of_variable(name, self.variable(name)?.unwrap_or_default()))).collect()
    }

    fn variable(&self, name: &str) -> Result<Option<String>, SettingsError> {
        let Some((_, value)) = self.variables.iter().find(|(candidate, _)| candidate == name) else {
            return Ok(None);
        };
        value.to_str().map(|value| Some(value.to_owned())).ok_or_else(|| SettingsError::NotText(name.to_owned()))
    }
}

/// Settings from one source.
pub(super) struct Layer {
    name: String,
    file: Option<PathBuf>,
    values: Dict,
}

impl Layer {
    /// The defaults, with the name that `stint settings` shows.
    fn base() -> Self {
        let mut sections = BTreeMap::<&str, Dict>::new();
        for (path, default) in KEYS.iter().filter_map(|key| Some((key.path.split_once('.')?, key.default?))) {
            sections.entry(path.0).or_default().insert(path.1.to_owned(), default.into());
        }
        let values = sections.into_iter().map(|(section, keys)| (section.to_owned(), keys.into())).collect();
        Self { name: "base.toml (built in)".to_owned(), file: None, values }
    }

    fn of_toml(name: &str, text: &str) -> Result<Self, SettingsError> {
        let values = toml::from_str(text).map_err(|error| SettingsError::NotToml {
            name: name.to_owned(),
            // The parser quotes the file, which may hold a secret, so only its reason is shown.
            detail: error.message().to_owned(),
        })?;
        Ok(Self { name: name.to_owned(), file: None, values })
    }

    fn of_file(path: &Path) -> Result<Self, SettingsError> {
        let text =
            fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
        Ok(Self::of_toml(&path.display().to_string(), &text)?.read_from(path))
    }

    fn of_variable(name: &str, value: String) -> Self {
        let path = match PLAIN_URLS.iter().find(|(plain, _)| *plain == name) {
            Some((_, path)) => (*path).to_owned(),
            None => name[PREFIX.len()..].to_lowercase().replace("__", "."),
        };
        Self::of_key(name.to_owned(), &path, value)
    }

    /// One setting, as text.
    pub(super) fn of_key(name: String, path: &str, value: String) -> Self {
        let nested = figment::util::nest(path, Value::from(value));
        Self { name, file: None, values: nested.into_dict().unwrap_or_default() }
    }

    pub(super) fn read_from(self, file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..self }
    }

    /// The file of this layer, if it holds a password, even one that a later layer overrides.
    pub(super) fn file_with_a_password(&self) -> Option<&Path> {
        let secret = |key: &Key| {
            let (section, name) = key.path.split_once('.')?;
            let value = self.values.get(section)?.as_dict()?.get(name)?.as_str()?;
            (key.masked(value) != value).then_some(())
        };
        let holds = KEYS.iter().filter(|key| key.may_hold_a_secret()).any(|key| secret(key).is_some());
        self.file.as_deref().filter(|_| holds)
    }

    /// Every key must be known, even if a later layer overrides it.
    pub(super) fn refuse_unknown_keys(&self) -> Result<(), SettingsError> {
        for (section, value) in &self.values {
            let Some(keys) = value.as_dict() else {
                return Err(self.unknown(section));
            };
            for key in keys.keys() {
                let path = format!("{section}.{key}");
                if Key::find(&path).is_none() {
                    return Err(self.unknown(&path));
                }
            }
        }
        Ok(())
    }

    fn unknown(&self, path: &str) -> SettingsError {
        let section = path.split('.').next().unwrap_or_default();
        let known: Vec<_> = KEYS.iter().filter_map(|key| key.path.strip_prefix(section)?.strip_prefix('.')).collect();
        let hint = if known.is_empty() {
            format!("; the sections are {}", sections().join(", "))
        } else {
            format!("; [{section}] has {}", known.join(", "))
        };
        SettingsError::Unknown { key: path.to_owned(), layer: self.name.clone(), hint }
    }
}

fn sections() -> Vec<&'static str> {
    let mut sections: Vec<_> = KEYS.iter().filter_map(|key| key.path.split('.').next()).collect();
    sections.dedup();
    sections
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}
