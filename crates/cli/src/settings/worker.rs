//! Values of settings about pings and background work.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::{Configuration, DatabaseUrl};

/// What happens to pings while the queue is down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum WhenQueueIsDown {
    /// They are refused; senders may send them again.
    Refuse,
    /// They wait in the database.
    Spool,
}

/// Whether `stint serve` also works as a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InServe {
    /// Yes where there is only one process, and in development.
    Auto,
    True,
    False,
}

/// From a word, or from a boolean of TOML.
impl<'de> Deserialize<'de> for InServe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;

        impl Visitor<'_> for Words {
            type Value = InServe;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`true`, `false` or `auto`")
            }

            fn visit_bool<E: Error>(self, value: bool) -> Result<InServe, E> {
                Ok(if value { InServe::True } else { InServe::False })
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<InServe, E> {
                match text {
                    "auto" => Ok(InServe::Auto),
                    "true" => Ok(InServe::True),
                    "false" => Ok(InServe::False),
                    _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
                }
            }
        }

        deserializer.deserialize_any(Words)
    }
}

impl Configuration {
    /// Whether `stint serve` drains the queue and runs tasks.
    pub(crate) fn works_in_serve(&self) -> bool {
        let settings = &self.settings;
        match settings.worker.in_serve {
            InServe::True => true,
            InServe::False => false,
            InServe::Auto => {
                let alone = matches!(settings.database.url, DatabaseUrl::Sqlite(_)) && !settings.redis.url.is_some();
                alone || self.environment.is_development()
            }
        }
    }
}
