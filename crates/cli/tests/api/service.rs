//! A running service on a fresh database, with a client that may do everything.

use std::any::Any;
use std::process::ExitStatus;

use serde_json::Value;
#[cfg(feature = "system-tests")]
use stint_adapters::postgres::test_database::TestDatabase;

use super::client::Client;
use super::contract;
use super::database::Database;
use crate::support::{Server, Stint};

/// One service and the ledger behind it. Dropping it stops its processes and removes the database.
pub(super) struct Service {
    pub(super) api: Client,
    /// The subject of `api`, which is `created_by` of its entries.
    pub(super) subject: &'static str,
    secret: String,
    // Declared before `_database`, so that the processes end before it is removed.
    server: Server,
    others: Vec<Server>,
    stint: Stint,
    /// The database's URL for other commands; the server may use a detour.
    direct: String,
    /// Removes the database when it is dropped.
    _database: Box<dyn Any>,
}

const URL: &str = "STINT_DATABASE__URL";
const SQLITE_FILE: &str = "stint.db";

impl Service {
    pub(super) fn on_sqlite() -> Self {
        Self::on_sqlite_with(&[])
    }

    /// With these settings besides.
    pub(super) fn on_sqlite_with(settings: &[(&str, &str)]) -> Self {
        let direct = format!("sqlite://{SQLITE_FILE}");
        let stint = Stint::on(&direct).migrated();
        Self::start(with(stint, settings), direct, Box::new(()))
    }

    #[cfg(feature = "system-tests")]
    pub(super) fn on_postgres() -> Self {
        Self::on_postgres_by(|address| address, &[])
    }

    /// With these additional settings, and with a server that reaches Postgres at another address. `detour` maps the
    /// real address to it.
    #[cfg(feature = "system-tests")]
    pub(super) fn on_postgres_by(
        detour: impl FnOnce(std::net::SocketAddr) -> std::net::SocketAddr,
        settings: &[(&str, &str)],
    ) -> Self {
        use std::net::ToSocketAddrs;

        let database = TestDatabase::create();
        let direct = database.url();
        let authority = direct.split('/').nth(2).unwrap();
        let host = authority.rsplit('@').next().unwrap();
        let address = host.to_socket_addrs().unwrap().next().unwrap();
        let url = direct.replacen(host, &detour(address).to_string(), 1);
        Self::start(with(Stint::on(&url), settings), direct, Box::new(database))
    }

    fn start(stint: Stint, direct: String, database: Box<dyn Any>) -> Self {
        const SUBJECT: &str = "suite";
        contract::learn(|| serde_json::from_str(&stint.run(&["openapi"]).succeeded()).unwrap());
        let create = ["token", "create", "--scopes", "admin", "--name", SUBJECT];
        let secret = beside(&stint, &direct, &create).trim_end().to_owned();
        let server = stint.serve();
        let api = Client::new(server.address(), &secret);
        Self { api, subject: SUBJECT, secret, server, others: Vec::new(), stint, direct, _database: database }
    }

    /// Another server on the same database, with these additional settings, and a client of it.
    pub(super) fn another_instance(&mut self, settings: &[(&str, &str)]) -> Client {
        let mut command = self.stint.command(&["serve"]);
        command.envs(settings.iter().copied());
        let server = Server::start(command);
        let api = Client::new(server.address(), &self.secret);
        self.others.push(server);
        api
    }

    /// Adds a setting, which takes effect at the next start.
    pub(super) fn set(mut self, name: &str, value: &str) -> Self {
        self.stint = std::mem::replace(&mut self.stint, Stint::new()).set(name, value);
        self.restart();
        self
    }

    /// A worker on the same database.
    #[cfg(feature = "system-tests")]
    pub(super) fn another_worker(&self) -> Server {
        self.stint.work()
    }

    /// The secret of `api`'s token.
    #[cfg(feature = "system-tests")]
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    /// The secret of a new token whose subject is its name.
    pub(super) fn new_token(&self, scopes: &str, name: &str) -> String {
        self.run(&["token", "create", "--scopes", scopes, "--name", name]).trim_end().to_owned()
    }

    pub(super) fn new_expiring_token(&self, scopes: &str, name: &str, expires: &str) -> String {
        let create = ["token", "create", "--scopes", scopes, "--name", name, "--expires", expires];
        self.run(&create).trim_end().to_owned()
    }

    pub(super) fn revoke_token(&self, name: &str) {
        let tokens: Value = serde_json::from_str(&self.run(&["token", "list", "--json"])).unwrap();
        let token = tokens.as_array().unwrap().iter().find(|token| token["name"] == name).unwrap();
        self.run(&["token", "revoke", token["id"].as_str().unwrap()]);
    }

    /// The output of a command on the same database. The command must succeed.
    pub(super) fn run(&self, arguments: &[&str]) -> String {
        beside(&self.stint, &self.direct, arguments)
    }

    /// Every total must be the sum of its entries, both through the API and in the database.
    pub(super) async fn assert_totals_are_sums(&self) {
        self.api.assert_totals_are_sums().await;
        self.run(&["check", "totals"]);
    }

    /// Sends the server a signal, such as `TERM`.
    pub(super) fn signal(&self, signal: &str) {
        self.server.signal(signal);
    }

    /// The server's peak memory, in bytes.
    #[cfg(target_os = "linux")]
    pub(super) fn most_memory(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.process())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
    }

    /// Waits for the end of the server.
    pub(super) fn ended(&mut self) -> ExitStatus {
        self.server.ended()
    }

    /// Starts a server on the same database, after the old one has ended.
    pub(super) fn restart(&mut self) {
        self.server = self.stint.serve();
        self.api = Client::new(self.server.address(), &self.secret);
    }

    /// The database's URL, without any detour.
    #[cfg(feature = "system-tests")]
    pub(super) fn database_url(&self) -> &str {
        &self.direct
    }

    /// A connection to the database beside the service's own.
    pub(super) fn database(&self) -> Database {
        #[cfg(feature = "system-tests")]
        if self.direct.starts_with("postgres") {
            use diesel::Connection as _;
            use stint_adapters::postgres::test_database::PgConnection;

            return Database::Postgres(Box::new(PgConnection::establish(&self.direct).unwrap()));
        }
        Database::Sqlite(self.stint.sqlite())
    }

    /// The database's URL, for another process.
    pub(super) fn sqlite_path(&self) -> String {
        self.stint.path(SQLITE_FILE).display().to_string()
    }
}

impl Drop for Service {
    #[expect(clippy::print_stderr, reason = "what the server logged may say why a test failed")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.server.signal("KILL");
            self.server.ended();
            eprintln!("the log of the server:\n{}", self.server.log.join("\n"));
        }
    }
}

fn with(stint: Stint, settings: &[(&str, &str)]) -> Stint {
    settings.iter().fold(stint, |stint, (name, value)| stint.set(name, *value))
}

fn beside(stint: &Stint, database: &str, arguments: &[&str]) -> String {
    let mut command = stint.command(arguments);
    command.env(URL, database);
    crate::support::Ended::of(command).succeeded()
}

/// Makes two tests of each claim, one per database: `on_sqlite::claim` and `on_postgres::claim`.
macro_rules! on_both_databases {
    ($($claim:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[actix_web::test]
                async fn $claim() {
                    super::$claim(super::Service::on_sqlite()).await;
                }
            )+
        }

        #[cfg(feature = "system-tests")]
        mod on_postgres {
            $(
                #[actix_web::test]
                async fn $claim() {
                    super::$claim(super::Service::on_postgres()).await;
                }
            )+
        }
    };
}

pub(super) use on_both_databases;
