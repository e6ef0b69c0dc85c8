//! A fresh, migrated database per test, on the server that `STINT_TEST_DATABASE_URL` names.
//!
//! The schema is built once per process, as a template from which each test's database is copied. A test's database
//! is dropped with its handle; the databases that a process left behind are dropped when the next one starts. A
//! process shows that it is alive by one open connection with the template's name.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::{AsyncConnectionWrapper, BlockOn};
use diesel_migrations::MigrationHarness;
use tokio::runtime::Runtime;
use tokio::task::spawn;
use uuid::Uuid;

use super::connecting::Target;
use super::migrations;
use crate::migrations::Dialect as _;

/// A connection for tests, which blocks, also on a thread of a runtime.
pub type PgConnection = AsyncConnectionWrapper<AsyncPgConnection, Waiting>;

/// Waits on the current thread, while another runtime does the work.
#[derive(Debug)]
pub struct Waiting;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().expect("a runtime for the connections of tests"));

impl BlockOn for Waiting {
    fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = RUNTIME.enter();
        futures::executor::block_on(future)
    }

    fn get_runtime() -> Self {
        Self
    }
}

/// A database of one test. It is dropped with this handle, even if somebody is connected.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
}

impl TestDatabase {
    /// A new database with the schema and no rows.
    pub fn create() -> Self {
        Self::from_template(&Server::get().template)
    }

    /// A new database without the schema.
    pub fn empty() -> Self {
        Self::from_template("template0")
    }

    /// A new database without the schema, with another encoding than UTF8.
    pub fn encoded(encoding: &str) -> Self {
        Self::from_template(&format!("template0 ENCODING '{encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"))
    }

    fn from_template(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let server = Server::get();
        let name = format!("{}_{}", server.template, COUNT.fetch_add(1, Ordering::Relaxed));
        let create = format!("CREATE DATABASE {name} TEMPLATE {template}");
        server.connection().batch_execute(&create).expect("a database for the test");
        Self { name }
    }

    /// The URL of the database.
    pub fn url(&self) -> String {
        Server::get().url_of(&self.name)
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let dropped = Server::get().connection().batch_execute(&drop);
        assert!(dropped.is_ok() || std::thread::panicking(), "the test's database is not dropped: {dropped:?}");
    }
}

/// The server, as one process uses it.
struct Server {
    url: String,
    template: String,
    connection: Mutex<PgConnection>,
}

impl Server {
    fn get() -> &'static Self {
        static SERVER: OnceLock<Server> = OnceLock::new();
        SERVER.get_or_init(Self::prepare)
    }

    fn prepare() -> Self {
        let url = std::env::var("STINT_TEST_DATABASE_URL")
            .expect("STINT_TEST_DATABASE_URL names no Postgres: run the tests with `make test`");
        #[expect(clippy::disallowed_methods, reason = "the name of a database is no id of the ledger")]
        let template = format!("stint_test_{}", Uuid::now_v7().simple());
        let mut connection = establish(&url);
        connection.batch_execute(&format!("SET application_name = '{template}'")).expect("a name for the connection");
        for abandoned in abandoned(&mut connection) {
            // Another process may be cleaning up, too.
            let drop = format!("DROP DATABASE IF EXISTS {abandoned} WITH (FORCE)");
            let _ = connection.batch_execute(&drop);
        }
        connection.batch_execute(&format!("CREATE DATABASE {template} TEMPLATE template0")).expect("a template");
        let server = Self { url, template, connection: Mutex::new(connection) };
        establish(&server.url_of(&server.template))
            .run_pending_migrations(migrations::PostgresDialect::MIGRATIONS)
            .expect("the schema of the template");
        server
    }

    fn connection(&self) -> MutexGuard<'_, PgConnection> {
        // A test that panicked here left the connection usable.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url_of(&self, database: &str) -> String {
        let (url, options) = self.url.split_once('?').map_or((self.url.as_str(), None), |(url, o)| (url, Some(o)));
        let (server, _) = url.rsplit_once('/').expect("STINT_TEST_DATABASE_URL should end in the name of a database");
        options.map_or_else(|| format!("{server}/{database}"), |options| format!("{server}/{database}?{options}"))
    }
}

/// Connects as the adapter does, and returns the error's message if that fails.
pub async fn connect(url: &str) -> Result<tokio_postgres::Client, String> {
    let target = Target::parse(url, &[("connect_timeout", "30")]).map_err(|error| error.to_string())?;
    let (client, driver) = target.connect().await.map_err(|error| error.to_string())?;
    spawn(driver);
    Ok(client)
}

fn establish(url: &str) -> PgConnection {
    PgConnection::establish(url).unwrap_or_else(|error| panic!("the Postgres for tests does not answer: {error}"))
}

/// The databases of processes that have ended.
fn abandoned(connection: &mut PgConnection) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Database {
        #[diesel(sql_type = Text)]
        datname: String,
    }
    let sql = "SELECT datname::text FROM pg_database WHERE datname LIKE 'stint\\_test\\_%' AND NOT EXISTS
        (SELECT FROM pg_stat_activity
         WHERE application_name LIKE 'stint\\_test\\_%' AND starts_with(pg_database.datname::text, application_name))";
    let databases: Vec<Database> = diesel::sql_query(sql).load(connection).expect("the list of databases");
    databases.into_iter().map(|database| database.datname).collect()
}
