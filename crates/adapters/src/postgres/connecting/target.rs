//! Everything that a text says, understood once, and the search for a server that fits.
//!
//! The search goes over all hosts, and over all addresses of each. As in libpq, a login that is refused ends it: it
//! would be refused everywhere, and may lock the user out. libpq also stops at most other refusals; here they lead to
//! the next host, because that one may have what the first one lacks (a free slot, an end of its start).

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_postgres::config::ChannelBinding;
use tokio_postgres::{Client, Config};

use super::Driver;
use super::environment::Environment;
use super::error::{Cause, Failure, NotConnected, NotUnderstood};
use super::fitting::Wanted;
use super::hosts::{Host, hosts, shuffle};
use super::options::Options;
use super::tls::Tls;

/// libpq's least limit. A shorter one would fail by chance.
const LEAST_TIMEOUT: Duration = Duration::from_secs(2);

/// Where and how to connect.
pub(crate) struct Target {
    hosts: Vec<Host>,
    is_random: bool,
    pub(super) user: String,
    pub(super) database: String,
    /// The password of all hosts. If there is none, the password file may have one for each.
    pub(super) password: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    /// What is the same for all hosts.
    pub(super) config: Config,
    pub(super) tls: Arc<Tls>,
    wanted: Wanted,
    /// How long one address of one host may take, until the session may be used.
    timeout: Option<Duration>,
}

impl Target {
    /// Parses libpq's URL or its `key=value` form. `settings` are used where neither the text nor its service sets an
    /// option, and the environment of this process where they do not set it either.
    pub(crate) fn parse(text: &str, settings: &[(&str, &str)]) -> Result<Self, NotUnderstood> {
        Self::parse_in(text, settings, &Environment::of_process())
    }

    pub(super) fn parse_in(
        text: &str,
        settings: &[(&str, &str)],
        environment: &Environment,
    ) -> Result<Self, NotUnderstood> {
        let options = Options::collected(text, settings, environment)?;
        let user = options.get("user").or_else(|| environment.user()).ok_or(NotUnderstood::User)?;
        let database = options.get("dbname").unwrap_or(user);
        let timeout = options.number("connect_timeout")?;
        Ok(Self {
            hosts: hosts(&options)?,
            is_random: options.choice("load_balance_hosts", &[("disable", false), ("random", true)])?,
            user: user.to_owned(),
            database: database.to_owned(),
            password: options.get("password").map(str::to_owned),
            password_file: options.get("passfile").map(PathBuf::from).or_else(|| environment.at_home(".pgpass")),
            config: config(&options, user, database)?,
            tls: Arc::new(Tls::parse(&options, environment)?),
            wanted: Wanted::parse(&options)?,
            timeout: timeout.map(|seconds| Duration::from_secs(seconds.into()).max(LEAST_TIMEOUT)),
        })
    }

    /// Connects to the first host that accepts and fits. Each address has the whole of `connect_timeout`.
    pub(crate) async fn connect(&self) -> Result<(Client, Driver), NotConnected> {
        let mut failures = Vec::new();
        for wanted in self.wanted.passes() {
            let mut hosts: Vec<_> = self.hosts.iter().collect();
            if self.is_random {
                shuffle(&mut hosts);
            }
            for host in hosts {
                if let Some(connected) = self.any_address(host, *wanted, &mut failures).await {
                    return Ok(connected);
                }
                if failures.last().is_some_and(|failure: &Failure| failure.cause.is_login()) {
                    return Err(NotConnected(failures));
                }
            }
        }
        Err(NotConnected(failures))
    }

    async fn any_address(&self, host: &Host, wanted: Wanted, failures: &mut Vec<Failure>) -> Option<(Client, Driver)> {
        let found = self.in_time(async { host.addresses().await.map_err(|error| error.to_string()) }).await;
        let mut addresses = match found.unwrap_or_else(|| Err(self.too_late())) {
            Ok(addresses) => addresses,
            Err(why) => {
                let why = format!("the name has no address: {why}");
                failures.push(Failure { place: host.to_string(), cause: Cause::Other(why) });
                return None;
            }
        };
        if addresses.is_empty() {
            failures
                .push(Failure { place: host.to_string(), cause: Cause::Other("the name has no address".to_owned()) });
        }
        if self.is_random {
            shuffle(&mut addresses);
        }
        for address in addresses {
            let tried = self.in_time(self.attempt(host, &address, wanted, failures)).await;
            let Some(connected) = tried else {
                failures.push(Failure { place: host.place(&address), cause: Cause::Other(self.too_late()) });
                continue;
            };
            if connected.is_some() || failures.last().is_some_and(|failure| failure.cause.is_login()) {
                return connected;
            }
        }
        None
    }

    /// `None` if it takes too long.
    async fn in_time<T>(&self, what: impl Future<Output = T>) -> Option<T> {
        match self.timeout {
            Some(timeout) => tokio::time::timeout(timeout, what).await.ok(),
            None => Some(what.await),
        }
    }

    fn too_late(&self) -> String {
        format!("no answer within {} s (connect_timeout)", self.timeout.unwrap_or_default().as_secs())
    }
}

/// What tokio-postgres does by itself.
fn config(options: &Options, user: &str, database: &str) -> Result<Config, NotUnderstood> {
    let mut config = Config::new();
    config.user(user).dbname(database);
    if let Some(value) = options.get("options") {
        config.options(value);
    }
    if let Some(name) = options.get("application_name").or_else(|| options.get("fallback_application_name")) {
        config.application_name(name);
    }
    let seconds = |name| Ok(options.number(name)?.map(|seconds| Duration::from_secs(seconds.into())));
    config.keepalives(options.get("keepalives").is_none() || options.number("keepalives")?.is_some());
    if let Some(idle) = seconds("keepalives_idle")? {
        config.keepalives_idle(idle);
    }
    if let Some(interval) = seconds("keepalives_interval")? {
        config.keepalives_interval(interval);
    }
    if let Some(count) = options.number("keepalives_count")? {
        config.keepalives_retries(count);
    }
    if let Some(milliseconds) = options.number("tcp_user_timeout")? {
        config.tcp_user_timeout(Duration::from_millis(milliseconds.into()));
    }
    config.channel_binding(options.choice(
        "channel_binding",
        &[
            ("prefer", ChannelBinding::Prefer),
            ("disable", ChannelBinding::Disable),
            ("require", ChannelBinding::Require),
        ],
    )?);
    Ok(config)
}

impl fmt::Debug for Target {
    /// Leaves out whatever may be secret: passwords and the server's options.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("hosts", &self.hosts)
            .field("user", &self.user)
            .field("database", &self.database)
            .field("wanted", &self.wanted)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use super::*;

    fn target(text: &str, variables: &[(&str, &str)]) -> Target {
        let settings = [("keepalives_idle", "10"), ("keepalives_count", "3"), ("tcp_user_timeout", "20000")];
        let environment = Environment::of(variables, Some(std::path::Path::new("/home/me")));
        Target::parse_in(text, &settings, &environment).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn what_is_missing_is_taken_from_the_user() {
        let target = target("", &[]);
        assert_eq!((target.user.as_str(), target.database.as_str()), ("me", "me"));
        assert_eq!(target.password_file, Some(PathBuf::from("/home/me/.pgpass")));
        assert_eq!(target.timeout, None);
    }

    #[test]
    fn the_units_are_libpqs() {
        let target = target("postgres://u:p@h/d?connect_timeout=1&keepalives_idle=7", &[("PGAPPNAME", "app")]);
        assert_eq!(target.timeout, Some(Duration::from_secs(2)));
        let config = target.config;
        assert_eq!(config.get_tcp_user_timeout(), Some(&Duration::from_secs(20)));
        assert_eq!(config.get_keepalives_idle(), Duration::from_secs(7));
        assert_eq!(config.get_keepalives_retries(), Some(3));
        assert_eq!(config.get_application_name(), Some("app"));
        assert!(config.get_keepalives());
        assert!(!super::tests::target("keepalives=0", &[]).config.get_keepalives());
    }

    #[test]
    fn a_password_does_not_show() {
        let target = target("postgres://u:hunter2@h/d?options=-c%20x.y%3Dhunter2", &[]);
        assert_eq!(target.password.as_deref(), Some("hunter2"));
        assert!(!format!("{target:?}").contains("hunter2"));
    }

    #[test]
    fn a_setting_that_is_no_option_is_not_ignored() {
        let unknown = Target::parse_in("", &[("keepalives_cound", "3")], &Environment::of(&[], None));
        assert_eq!(unknown.err(), Some(NotUnderstood::Unknown("keepalives_cound".to_owned())));
    }

    #[tokio::test]
    async fn any_thread_may_connect_and_little_is_moved_about() {
        let target = target("postgres://127.0.0.1:1/d", &[]);
        let connecting = target.connect();
        assert!(size_of_val(&connecting) < 8192, "{}", size_of_val(&connecting));
        let connecting: Pin<Box<dyn Future<Output = _> + Send>> = Box::pin(connecting);
        assert!(connecting.await.is_err());
        assert!(size_of::<Driver>() < 1024, "{}", size_of::<Driver>());
    }

    #[tokio::test]
    async fn a_name_without_an_address_is_told() {
        let error = target("postgres://no.such.host.invalid:1/d", &[]).connect().await.err().unwrap().to_string();
        assert!(
            error.starts_with("no connection to Postgres: server at \"no.such.host.invalid\", port 1: "),
            "{error}"
        );
    }
}
