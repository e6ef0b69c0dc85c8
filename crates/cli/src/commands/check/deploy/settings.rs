//! Checks that need only the settings.

use super::{Finding, reach};
use crate::open_files;
use crate::settings::{Configuration, DatabaseUrl, PostgresUrl, Settings};

pub(super) fn look(configuration: &Configuration) -> Vec<Finding> {
    let settings = &configuration.settings;
    let mut findings = Vec::new();
    if configuration.environment.is_development() {
        findings.push(Finding::serious(
            "STINT_ENV is development: the service migrates by itself, writes an admin token to a file and shows causes to callers",
            "unset STINT_ENV, or set it to deployment",
        ));
    }
    match &settings.database.url {
        DatabaseUrl::Postgres(url) => findings.extend(transport(url)),
        DatabaseUrl::Sqlite(path) => findings.push(Finding::warning(
            format!("the database is a file ({}): one host, one writer at a time, no replica", path.display()),
            "use Postgres (database.url), or make sure that the file is on a local disk and backed up",
        )),
    }
    findings.extend(reach::look(&settings.http));
    findings.extend(room(settings.http.max_connections.get(), open_files::too_few_for));
    findings.extend(queue(settings));
    for (key, listen) in
        [("metrics.listen", settings.metrics.listen), ("worker.metrics_listen", settings.worker.metrics_listen)]
    {
        if !listen.ip().is_loopback() {
            findings.push(Finding::warning(
                format!("{key} is {listen}: anyone who reaches it can read the metrics"),
                "listen on 127.0.0.1, or let a firewall admit only Prometheus",
            ));
        }
    }
    if settings.log.level.is_verbose() {
        findings.push(Finding::warning(
            "log.level is debug or trace for everything: this is slow and may log what users wrote",
            "set log.level to info",
        ));
    }
    if settings.http.shutdown_timeout < settings.http.request_timeout {
        findings.push(Finding::warning(
            "http.shutdown_timeout is shorter than http.request_timeout: a restart cuts off slow requests",
            "make http.shutdown_timeout longer than http.request_timeout",
        ));
    }
    findings
}

/// Whether the password and the data cross a network in clear text.
fn transport(url: &PostgresUrl) -> Option<Finding> {
    let hosts = url.remote_hosts();
    if hosts.is_empty() {
        return None;
    }
    let hosts = hosts.join(", ");
    match url.parameter("sslmode") {
        Some("verify-full" | "verify-ca") => None,
        // Means verify-full, and allows nothing weaker.
        None if url.parameter("sslrootcert") == Some("system") => None,
        Some("require") => Some(Finding::warning(
            format!("the connection to {hosts} is encrypted, but the server's identity is not checked"),
            "use sslmode=verify-full&sslrootcert=FILE in database.url",
        )),
        _ => Some(Finding::serious(
            format!("the connection to {hosts} may be in clear text"),
            "add ?sslmode=verify-full&sslrootcert=FILE to database.url (or at least sslmode=require)",
        )),
    }
}

/// Whether others could read pings on the network or make some up, and whether totals are verified.
fn queue(settings: &Settings) -> Vec<Finding> {
    let (mut findings, Settings { redis, tasks, .. }) = (Vec::new(), settings);
    if let Some(host) = redis.url.remote_host() {
        findings.push(if redis.url.has_password() {
            Finding::warning(
                format!("pings and the password travel to the Redis on {host} in clear text"),
                "make sure that nobody else is on that network, or use a tunnel (WireGuard, stunnel)",
            )
        } else {
            Finding::serious(
                format!("anyone who reaches the Redis on {host} can log time: redis.url has no password"),
                "give Redis a password (requirepass, or an ACL user), and put it into redis.url",
            )
        });
    }
    if tasks.verify_totals.0.is_none() {
        findings.push(Finding::warning(
            "tasks.verify_totals is empty: nothing detects a total that is not the sum of its entries",
            "set a time such as `10 3 * * *`, or run `stint check totals` regularly",
        ));
    }
    findings
}

/// Whether connections will be refused for lack of file descriptors. This reads the limit of the check's own process,
/// which equals the service's if it is started in the same way.
fn room(connections: usize, too_few_for: impl Fn(usize) -> Option<u64>) -> Option<Finding> {
    let most = too_few_for(connections)?;
    Some(Finding::warning(
        format!("a process may have {most} files open (ulimit -Hn), too few for http.max_connections = {connections}"),
        "set LimitNOFILE=65536 in the service's unit (ulimit -n in its shell), or lower http.max_connections",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Surroundings;

    /// The findings on a flawless deployment with these variables added.
    fn findings(variables: &[(&str, &str)]) -> String {
        let flawless = [
            ("STINT_DATABASE__URL", "postgres:///stint"),
            ("STINT_HTTP__PUBLIC_URL", "https://time.example.org"),
            ("STINT_HTTP__TRUSTED_PROXIES", "127.0.0.1"),
        ];
        // The first variable of a name wins.
        let variables = variables.iter().chain(&flawless).map(|(name, value)| ((*name).into(), (*value).into()));
        let surroundings = Surroundings { variables: variables.collect(), ..Surroundings::default() };
        let findings = look(&Configuration::load(&surroundings).unwrap());
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_flawless_deployment_has_no_finding() {
        assert_eq!(findings(&[]), "");
        assert_eq!(findings(&[("STINT_REDIS__URL", "redis://localhost")]), "");
        let socket = [("STINT_HTTP__LISTEN", "systemd"), ("STINT_HTTP__TRUSTED_PROXIES", "unix")];
        assert_eq!(findings(&socket), "");
        assert_eq!(findings(&[("STINT_HTTP__PUBLIC_URL", "http://localhost:8080")]), "");
    }

    #[test]
    fn each_flaw_is_found() {
        for (name, value, found) in [
            ("STINT_ENV", "development", "serious: STINT_ENV is development"),
            ("STINT_DATABASE__URL", "sqlite://stint.db", "warning: the database is a file (stint.db)"),
            (
                "STINT_DATABASE__URL",
                "postgres://u:hunter2@db/stint",
                "serious: the connection to db may be in clear text",
            ),
            (
                "STINT_DATABASE__URL",
                "postgres://db/stint?sslmode=prefer",
                "serious: the connection to db may be in clear",
            ),
            (
                "STINT_DATABASE__URL",
                "postgres://db/stint?sslmode=require",
                "warning: the connection to db is encrypted",
            ),
            ("STINT_HTTP__LISTEN", "0.0.0.0:8080", "warning: http.listen is 0.0.0.0:8080"),
            ("STINT_HTTP__PUBLIC_URL", "", "warning: http.public_url is empty: links do not begin"),
            (
                "STINT_HTTP__PUBLIC_URL",
                "http://time.example.org",
                "serious: http.public_url is http://time.example.org: passwords and cookies cross the network",
            ),
            ("STINT_HTTP__BASE_PATH", "/time", "warning: http.base_path is /time: every other application"),
            ("STINT_HTTP__TRUSTED_PROXIES", "::/0", "warning: http.trusted_proxies is ::/0: clients choose"),
            ("STINT_HTTP__TRUSTED_PROXIES", "unix", "warning: http.trusted_proxies names no address"),
            ("STINT_METRICS__LISTEN", "[::]:9464", "warning: metrics.listen is [::]:9464"),
            ("STINT_WORKER__METRICS_LISTEN", "[::]:9465", "warning: worker.metrics_listen is [::]:9465"),
            ("STINT_REDIS__URL", "redis://queue", "serious: anyone who reaches the Redis on queue can log time"),
            (
                "STINT_REDIS__URL",
                "redis://:hunter2@queue",
                "warning: pings and the password travel to the Redis on queue",
            ),
            ("STINT_TASKS__VERIFY_TOTALS", "", "warning: tasks.verify_totals is empty"),
            ("STINT_LOG__LEVEL", "debug", "warning: log.level is debug"),
            ("STINT_HTTP__SHUTDOWN_TIMEOUT", "1s", "warning: http.shutdown_timeout is shorter"),
        ] {
            let findings = findings(&[(name, value)]);
            assert!(findings.contains(found) && !findings.contains("hunter2"), "{name}={value}: {findings}");
        }
        let socket = [("STINT_HTTP__LISTEN", "unix:/run/stint.sock"), ("STINT_HTTP__SOCKET_MODE", "0666")];
        assert!(findings(&socket).contains("warning: every user of this machine may connect to /run/stint.sock"));
    }

    #[test]
    fn trusting_everybody_is_serious_where_everybody_can_connect() {
        let open = [("STINT_HTTP__LISTEN", "0.0.0.0:8080"), ("STINT_HTTP__TRUSTED_PROXIES", "unix,0.0.0.0/0")];
        assert!(findings(&open).contains("serious: http.trusted_proxies is unix,0.0.0.0/0: clients choose"));
    }

    #[test]
    fn a_limit_of_open_files_that_is_too_low_is_found() {
        let found = room(1000, |_| Some(1024)).unwrap().to_string();
        assert!(found.starts_with("warning: a process may have 1024 files open (ulimit -Hn), too few for"), "{found}");
        assert_eq!(room(1000, |_| None), None);
    }

    #[test]
    fn a_verified_connection_is_fine() {
        assert_eq!(findings(&[("STINT_DATABASE__URL", "postgres://u:p@db/stint?sslmode=verify-full")]), "");
    }
}
