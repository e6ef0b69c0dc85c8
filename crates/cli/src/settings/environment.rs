//! The environment of the service. It decides defaults and what may happen by itself.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Set by `STINT_ENV`. Unset means deployment, so that a forgotten variable never makes a server less strict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Environment {
    /// A developer's machine: migrates by itself, makes an admin token, shows causes.
    Development,
    /// A deployment for tests.
    Staging,
    /// Production.
    Deployment,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `development`, `staging` or `deployment`")]
pub(crate) struct EnvironmentError;

impl Environment {
    pub(crate) const fn is_development(self) -> bool {
        matches!(self, Self::Development)
    }

    /// Its embedded layer: name and text.
    pub(super) const fn layer(self) -> (&'static str, &'static str) {
        match self {
            Self::Development => ("development.toml (built in)", include_str!("development.toml")),
            Self::Staging => ("staging.toml (built in)", include_str!("staging.toml")),
            Self::Deployment => ("deployment.toml (built in)", include_str!("deployment.toml")),
        }
    }
}

impl FromStr for Environment {
    type Err = EnvironmentError;

    fn from_str(text: &str) -> Result<Self, EnvironmentError> {
        match text {
            "development" => Ok(Self::Development),
            "staging" => Ok(Self::Staging),
            "deployment" => Ok(Self::Deployment),
            _ => Err(EnvironmentError),
        }
    }
}

impl fmt::Display for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Development => "development",
            Self::Staging => "staging",
            Self::Deployment => "deployment",
        })
    }
}
