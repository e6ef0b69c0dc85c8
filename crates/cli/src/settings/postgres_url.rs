//! The parts of a Postgres URL, by libpq's grammar: several hosts, sockets, parameters. The adapter decides whether the
//! URL works. Only an unencoded password is refused here, because parts of it would be taken for something else and
//! shown.

use std::str::FromStr;

use percent_encoding::percent_decode_str;
use thiserror::Error;

/// A URL in libpq's form. It may hold a password, so it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl(String);

/// The parts of `postgres://user:password@hosts/database?parameters`.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    hosts: &'a str,
    /// The database, with its `/`.
    database: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    /// How many parts there are where parameters should be.
    pieces: usize,
}

/// What is wrong with a URL, without quoting it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum PostgresUrlError {
    #[error("has a `%` without two hexadecimal digits after it: write it as `%25` in a user, a password or a value")]
    Percent,
    #[error("has more than one `@`: write it as `%40` in a user, a password or the name of a database")]
    At,
    #[error("has a port that is not a number: write `/` as `%2F` and `:` as `%3A` in a user or a password")]
    Port,
    #[error("has a parameter that is not `name=value`: write `=` as `%3D` and `&` as `%26` in a value")]
    Parameter,
}

impl FromStr for PostgresUrl {
    type Err = PostgresUrlError;

    fn from_str(text: &str) -> Result<Self, PostgresUrlError> {
        let url = Self(text.to_owned());
        let parts = url.parts();
        let mut of_hosts = parts.hosts.split(',').filter_map(port);
        if text.split('%').skip(1).any(|after| !starts_with_a_byte(after)) {
            Err(PostgresUrlError::Percent)
        } else if of_hosts.any(|port| !port.bytes().all(|byte| byte.is_ascii_digit())) {
            Err(PostgresUrlError::Port)
        } else if parts.hosts.contains('@') || parts.has_an_at_after_a_port() {
            Err(PostgresUrlError::At)
        } else if parts.parameters.len() != parts.pieces
            || parts.parameters.iter().any(|(_, value)| value.contains('='))
        {
            Err(PostgresUrlError::Parameter)
        } else {
            Ok(url)
        }
    }
}

/// Whether a text starts with two hexadecimal digits. Not `00`, which libpq refuses.
fn starts_with_a_byte(text: &str) -> bool {
    let digits = text.as_bytes().get(..2);
    digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit) && digits != b"00")
}

impl Parts<'_> {
    /// Whether the text in the place of a port may be the beginning of a password with a `/` in it.
    fn has_an_at_after_a_port(&self) -> bool {
        self.user.is_none() && self.hosts.contains(':') && self.database.contains('@')
    }
}

impl PostgresUrl {
    /// The whole URL, only for the driver.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The URL without its password, and the password. Every user of a machine can read a process's command line, but
    /// only the process's own user its environment.
    pub(crate) fn split_password(&self) -> (String, Option<String>) {
        let parts = self.parts();
        let (secrets, open): (Vec<_>, Vec<_>) = parts.parameters.iter().partition(|(name, _)| *name == "password");
        let password = secrets.last().map(|(_, value)| *value).or(parts.password);
        let user = parts.user.map(|user| format!("{user}@")).unwrap_or_default();
        let parameters: Vec<_> = open.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let sign = if parameters.is_empty() { "" } else { "?" };
        let Parts { scheme, hosts, database, .. } = parts;
        let url = format!("{scheme}://{user}{hosts}{database}{sign}{}", parameters.join("&"));
        (url, password.map(|password| percent_decode_str(password).decode_utf8_lossy().into_owned()))
    }

    /// The hosts that it reaches over a network: no sockets, and not this machine.
    pub(crate) fn remote_hosts(&self) -> Vec<String> {
        let parts = self.parts();
        let named = parts.parameters.iter().filter(|(name, _)| matches!(*name, "host" | "hostaddr"));
        let local = |host: &String| {
            host.is_empty() || host.starts_with('/') || matches!(host.as_str(), "localhost" | "127.0.0.1" | "::1")
        };
        parts
            .hosts
            .split(',')
            .map(without_port)
            .chain(named.flat_map(|(_, hosts)| hosts.split(',')))
            .map(|host| percent_decode_str(host).decode_utf8_lossy().into_owned())
            .filter(|host| !local(host))
            .collect()
    }

    /// The value of a parameter, such as `sslmode`.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parts().parameters.into_iter().rfind(|(candidate, _)| *candidate == name).map(|(_, value)| value)
    }

    fn parts(&self) -> Parts<'_> {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        // There is a user if an `@` comes before any `/`.
        let (user, rest) = match rest.find(['@', '/']) {
            Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
            _ => (None, rest),
        };
        let (user, password) = match user.and_then(|user| user.split_once(':')) {
            Some((user, password)) => (Some(user), Some(password)),
            None => (user, None),
        };
        let (rest, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let (hosts, database) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let pieces = parameters.split('&').filter(|piece| !piece.is_empty());
        let parameters = pieces.clone().filter_map(|pair| pair.split_once('=')).collect();
        Parts { scheme, user, password, hosts, database, parameters, pieces: pieces.count() }
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    }
}

/// The text after a host's `:`.
fn port(host: &str) -> Option<&str> {
    let after = host.strip_prefix('[').and_then(|v6| v6.split_once(']')).map_or(host, |(_, after)| after);
    after.split_once(':').map(|(_, port)| port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> PostgresUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_password_that_is_not_encoded_is_refused_without_a_word_of_it() {
        for (bad, why) in [
            ("postgres://u:hun%ter2@db/stint", PostgresUrlError::Percent),
            ("postgres://u:hunter2%@db/stint", PostgresUrlError::Percent),
            ("postgres://u:hun%00ter2@db/stint", PostgresUrlError::Percent),
            ("postgres://db/stint?password=hun%zzter2", PostgresUrlError::Percent),
            ("postgres://u:hun@ter2@db/stint", PostgresUrlError::At),
            ("postgres://u:1234/ter2@db/stint", PostgresUrlError::At),
            ("postgres://u:hun/ter2@db/stint", PostgresUrlError::Port),
            ("postgres://db/stint?password=hun=ter2", PostgresUrlError::Parameter),
            ("postgres://db/stint?password=hun&ter2", PostgresUrlError::Parameter),
        ] {
            assert_eq!(bad.parse::<PostgresUrl>().err(), Some(why), "{bad}");
            assert!(!why.to_string().contains("ter2"));
        }
        for good in [
            "postgres://u:hun%25t%40er%2F2@db/stint",
            "postgres://one:5432,[fe80::1]:5433,two/stint?target_session_attrs=read-write&sslmode=require",
            "postgres://u:hun?ter2@db/st@int",
            "postgres://db/st@int",
            "postgres:///stint?host=/run/postgresql",
            "postgres://db/stint?",
        ] {
            url(good);
        }
    }

    #[test]
    fn the_password_is_taken_out_and_decoded() {
        let split = |text: &str| url(text).split_password();
        let (open, password) = split("postgres://u:p%40ss@db:5432/stint?sslmode=require");
        assert_eq!(open, "postgres://u@db:5432/stint?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss"));
        let (open, password) = split("postgres:///stint?host=/run/pg&password=s3cret");
        assert_eq!((open.as_str(), password.as_deref()), ("postgres:///stint?host=/run/pg", Some("s3cret")));
        assert_eq!(split("postgres://db"), ("postgres://db".to_owned(), None));
    }

    #[test]
    fn only_hosts_behind_a_network_are_remote() {
        let hosts = |text: &str| url(text).remote_hosts();
        assert_eq!(hosts("postgres://u:p@one:5432,[fe80::1]:5433/stint"), ["one", "fe80::1"]);
        assert_eq!(hosts("postgres:///stint?host=db.example"), ["db.example"]);
        for local in ["postgres:///stint", "postgres://127.0.0.1/s", "postgres://[::1]/s", "postgres://%2Frun%2Fpg/s"] {
            assert!(hosts(local).is_empty(), "{local}");
        }
        assert_eq!(url("postgres://db/s?sslmode=require").parameter("sslmode"), Some("require"));
    }
}
