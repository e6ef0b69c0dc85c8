//! Redis's URL: how it is shown without secrets, and whether it leads over a network.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use super::database_url::masked;

/// The address of Redis, or none. `Display` and `Debug` hide its password.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct RedisUrl(Option<String>);

#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `redis://USER:PASSWORD@HOST:PORT/DB`, `redis+unix:///PATH` or empty")]
pub(crate) struct RedisUrlError;

impl FromStr for RedisUrl {
    type Err = RedisUrlError;

    fn from_str(text: &str) -> Result<Self, RedisUrlError> {
        match text.split_once("://") {
            None if text.is_empty() => Ok(Self(None)),
            Some(("redis" | "redis+unix" | "unix", rest)) if !rest.is_empty() => Ok(Self(Some(text.to_owned()))),
            _ => Err(RedisUrlError),
        }
    }
}

impl TryFrom<String> for RedisUrl {
    type Error = RedisUrlError;

    fn try_from(text: String) -> Result<Self, RedisUrlError> {
        text.parse()
    }
}

impl RedisUrl {
    /// Whether there is a Redis.
    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The whole URL, only for the driver.
    pub(crate) fn expose(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// The host that it reaches over a network: no socket, and not this machine.
    pub(crate) fn remote_host(&self) -> Option<&str> {
        let (_, rest) = self.0.as_deref()?.strip_prefix("redis://").map(|rest| split_last(rest, '@'))?;
        let host = rest.split(['/', '?']).next()?;
        let host = match host.strip_prefix('[') {
            Some(v6) => v6.split(']').next()?,
            None => host.split(':').next()?,
        };
        (!matches!(host, "" | "localhost" | "127.0.0.1" | "::1")).then_some(host)
    }

    /// Whether it holds a password.
    pub(crate) fn has_password(&self) -> bool {
        let Some((_, rest)) = self.0.as_deref().and_then(|url| url.split_once("://")) else { return false };
        let (user, _) = split_last(rest, '@');
        user.split_once(':').is_some_and(|(_, password)| !password.is_empty()) || rest.contains("pass=")
    }
}

/// The text before the last such character (empty if there is none) and the text after it.
fn split_last(text: &str, at: char) -> (&str, &str) {
    text.rsplit_once(at).unwrap_or(("", text))
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(url) => f.write_str(&masked(url)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> RedisUrl {
        text.parse().unwrap()
    }

    #[test]
    fn no_password_is_shown() {
        for (text, shown) in [
            ("", ""),
            ("redis://:hunter2@queue:6379/0", "redis://:***@queue:6379/0"),
            ("redis://stint:hunt@er2@queue", "redis://stint:***@queue"),
            ("redis+unix:///run/redis.sock?db=1", "redis+unix:///run/redis.sock?db=1"),
            ("unix:///run/redis.sock?pass=hunter2&db=1", "unix:///run/redis.sock?pass=***&db=1"),
        ] {
            assert_eq!(format!("{:?}", url(text)), shown);
        }
        for bad in ["queue", "redis://", "rediss://queue", "http://queue"] {
            assert_eq!(bad.parse::<RedisUrl>(), Err(RedisUrlError), "{bad}");
        }
    }

    #[test]
    fn only_a_host_behind_a_network_is_remote() {
        for (text, host, password) in [
            ("", None, false),
            ("redis://queue.example:6379/0", Some("queue.example"), false),
            ("redis://:hunter2@[fe80::1]:6379", Some("fe80::1"), true),
            ("redis://stint:@queue", Some("queue"), false),
            ("redis://stint:a/b@queue?protocol=resp3", Some("queue"), true),
            ("redis://localhost", None, false),
            ("redis://:hunter2@127.0.0.1:6379", None, true),
            ("redis+unix:///run/redis.sock?pass=hunter2", None, true),
        ] {
            assert_eq!((url(text).remote_host(), url(text).has_password()), (host, password), "{text}");
        }
    }
}
