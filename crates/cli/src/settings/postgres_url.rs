//! The parts of a Postgres URL, by libpq's own grammar: several hosts, sockets, parameters. Whether the URL works is for
//! libpq to say.

use percent_encoding::percent_decode_str;

/// A URL for libpq. It may hold a password, so it does not show itself.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PostgresUrl(String);

/// The pieces between the signs: `postgres://user:password@hosts/database?parameters`.
struct Parts<'a> {
    scheme: &'a str,
    user: Option<&'a str>,
    password: Option<&'a str>,
    hosts: &'a str,
    /// The database, with its `/`.
    database: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
}

impl PostgresUrl {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The whole URL: for the driver alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// The URL without its password, and the password: every user of a machine can read a command line, but only its
    /// own user a process's environment.
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

    /// The hosts that it reaches over a network: neither sockets nor this machine itself.
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
        // There is a user when an `@` comes before any `/`.
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
        let parameters = parameters.split('&').filter_map(|pair| pair.split_once('=')).collect();
        Parts { scheme, user, password, hosts, database, parameters }
    }
}

fn without_port(host: &str) -> &str {
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or(v6),
        None => host.split(':').next().unwrap_or(host),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_taken_out_and_decoded() {
        let split = |url: &str| PostgresUrl::new(url).split_password();
        let (url, password) = split("postgres://u:p%40ss@db:5432/stint?sslmode=require");
        assert_eq!(url, "postgres://u@db:5432/stint?sslmode=require");
        assert_eq!(password.as_deref(), Some("p@ss"));
        let (url, password) = split("postgres:///stint?host=/run/pg&password=s3cret");
        assert_eq!((url.as_str(), password.as_deref()), ("postgres:///stint?host=/run/pg", Some("s3cret")));
        assert_eq!(split("postgres://db"), ("postgres://db".to_owned(), None));
    }

    #[test]
    fn only_hosts_behind_a_network_are_remote() {
        let hosts = |url: &str| PostgresUrl::new(url).remote_hosts();
        assert_eq!(hosts("postgres://u:p@one:5432,[fe80::1]:5433/stint"), ["one", "fe80::1"]);
        assert_eq!(hosts("postgres:///stint?host=db.example"), ["db.example"]);
        for local in ["postgres:///stint", "postgres://127.0.0.1/s", "postgres://[::1]/s", "postgres://%2Frun%2Fpg/s"] {
            assert!(hosts(local).is_empty(), "{local}");
        }
        assert_eq!(PostgresUrl::new("postgres://db/s?sslmode=require").parameter("sslmode"), Some("require"));
    }
}
