//! Errors in settings, with the key, the value and its source.

use std::path::PathBuf;

use figment::Figment;
use figment::error::Kind;
use thiserror::Error;

use super::environment::EnvironmentError;
use super::key::Key;

/// An error that the operator has to fix.
#[derive(Debug, Error)]
pub(crate) enum SettingsError {
    #[error("STINT_ENV is `{value}`, but {source}")]
    Environment { value: String, source: EnvironmentError },
    #[error("the variable {0} is not UTF-8")]
    NotText(String),
    #[error("cannot read the settings in {}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("the settings in {name} are not valid TOML: {detail}")]
    NotToml { name: String, detail: String },
    #[error("unknown setting {key} in {layer}{hint}")]
    Unknown { key: String, layer: String, hint: String },
    #[error("cannot read the credentials in {} (CREDENTIALS_DIRECTORY)", .path.display())]
    NoCredentials { path: PathBuf, source: std::io::Error },
    #[error(
        "the credential {} is not a setting; name files in CREDENTIALS_DIRECTORY like settings, such as database.url",
        .0.display()
    )]
    UnknownCredential(PathBuf),
    #[error("bad setting {key} = `{value}` in {layer}: {detail}")]
    Bad { key: String, value: String, layer: String, detail: String },
    #[error("missing setting {key}: set {variable}")]
    Missing { key: String, variable: String },
    #[error("bad settings: {0}")]
    Other(String),
}

impl SettingsError {
    /// An error that figment found in the merged layers.
    pub(super) fn of(error: &figment::Error, layers: &Figment) -> Self {
        let mut path = error.path.clone();
        if let Kind::MissingField(field) = &error.kind {
            path.push(field.to_string());
        }
        let path = path.join(".");
        let Some(key) = Key::find(&path) else {
            return Self::Other(error.kind.to_string());
        };
        match layers.find_value(&path) {
            Ok(_) => Self::bad(key.path, expectation(&error.kind), layers),
            Err(_) => Self::Missing { key: path, variable: key.variable() },
        }
    }

    /// The value in force for a key is not allowed.
    pub(super) fn bad(path: &'static str, detail: String, layers: &Figment) -> Self {
        let value = layers.find_value(path).ok();
        let metadata = value.as_ref().and_then(|value| layers.get_metadata(value.tag()));
        Self::Bad {
            key: path.to_owned(),
            value: Key::find(path).zip(value.as_ref()).map(|(key, value)| key.shown(value)).unwrap_or_default(),
            layer: metadata.map(|metadata| metadata.name.to_string()).unwrap_or_default(),
            detail,
        }
    }
}

/// What was expected. The value is not included: it may be a secret, and is shown masked beside it.
fn expectation(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(_, expected) if expected == "a string" => "must be text, in quotes".to_owned(),
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => format!("must be {expected}"),
        Kind::UnknownVariant(_, known) => format!("must be one of {}", known.join(", ")),
        other => other.to_string(),
    }
}
