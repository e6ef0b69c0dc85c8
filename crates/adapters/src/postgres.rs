//! The ledger in Postgres, through Diesel and a pool.
//!
//! The file of each port implements its methods. They share [`sql`] (statements that are prepared once),
//! [`mod@attempt`] (transactions and retries), [`session`] (connections, and replacing lost ones), [`error`] and
//! [`sqlstate`] (the meaning of failures), [`read`] and [`rows`] (from rows to values).
//!
//! Writes of entries are carried out in groups ([`mod@ledger::group`]); a single write is a group of one.
//! Deliberately absent: gathering the writes of several callers. [`crate::coalescing`] does that.
//!
//! Every transaction takes its locks in this order: jobs by ascending id, then entries, then idempotency keys by
//! token and key. Only the holder of a job's lock writes the job's entries, so entries need no locks of their own.
//! (The key of a new job may be locked before the job, because nobody else can lock a job that does not exist yet.)

mod access;
mod attempt;
mod background;
mod capture;
mod error;
mod health;
mod ledger;
mod migrations;
mod read;
mod rows;
mod running;
mod schema;
mod session;
mod settings;
mod sql;
mod sqlstate;
#[cfg(feature = "test-support")]
pub mod test_database;

use std::sync::Arc;
use std::time::Duration;

use diesel::RunQueryDsl;
use diesel::pg::PgConnection;
use diesel::sql_types::Text;
use prometheus_client::registry::Registry;
use r2d2::Pool;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::spawn_blocking;

use crate::blocking::Blocking;
use crate::sql::statements;
use crate::tried::Tried;
use attempt::{Failure, Repeat, attempt};
use error::BACKEND;
use session::Sessions;
pub use settings::PostgresSettings;
use sql::Sql;

/// The ledger in Postgres. Clones share its pool.
#[derive(Clone)]
pub struct Postgres {
    requests: Blocking<Sessions>,
    /// For groups only.
    groups: Blocking<Sessions>,
    /// One connection for health checks and migrations, which must not wait behind requests.
    aside: Blocking<Sessions>,
    health_timeout: Duration,
    lock_timeout: Duration,
    /// The result of the last trial write.
    tried: Tried,
    /// For the one session that ends the statements of the others.
    ending: Arc<Sessions>,
}

impl Postgres {
    /// Connects once, to find out whether the server is reachable and accepts the login, and whether the database's
    /// encoding can store every text.
    ///
    /// Later, lost connections are replaced when they are needed.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, BackendError> {
        let postgres = Self::unconnected(settings);
        postgres.run(Repeat::Reads, require_utf8).await?;
        Ok(postgres)
    }

    /// Like [`Self::connect`], but does not connect: the first request does. The server need not be up yet.
    pub fn unconnected(settings: &PostgresSettings) -> Self {
        let sessions = Sessions::new(settings);
        let (groups, aside, ending) = (sessions.for_groups(settings), sessions.alongside(), sessions.alongside());
        let blocking = |sessions, size| {
            let pool = Pool::builder().max_size(size).test_on_check_out(false).build_unchecked(sessions);
            Blocking::new(BACKEND, pool, settings.queue)
        };
        Self {
            requests: blocking(sessions, settings.pool_size.max(1)),
            groups: blocking(groups, settings.group_pool_size.max(1)),
            aside: blocking(aside, 1),
            health_timeout: settings.health_timeout,
            lock_timeout: settings.lock_timeout,
            tried: Tried::default(),
            ending: Arc::new(ending),
        }
    }

    /// Makes the server end every statement that still runs for this handle and its clones. For the end of a process,
    /// which would otherwise wait for them. Behind a transaction pooler this ends nothing; there the role's time-outs
    /// do.
    pub async fn end_statements(&self) -> Result<(), BackendError> {
        let ending = Arc::clone(&self.ending);
        let ended = spawn_blocking(move || ending.end_statements()).await;
        ended.unwrap_or_else(|error| Err(BackendError::new(BACKEND, BackendErrorKind::Internal, error)))
    }

    /// Registers the gauges of the pool for requests as `database_pool_...` and those of the pool for groups as
    /// `database_group_pool_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.requests.metrics().register(registry);
        self.groups.metrics().register_as("database_group_pool", registry);
    }

    async fn run<T, R>(
        &self,
        repeat: Repeat,
        operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        self.requests.run(move |session| attempt(session, repeat, operation)).await
    }
}

statements! {
    /// The encoding of the database.
    Encoding: Text = "SELECT current_setting('server_encoding')";
}

/// Other encodings cannot represent some texts, or count characters as bytes.
fn require_utf8(connection: &mut PgConnection) -> Result<(), Failure<BackendError>> {
    let encoding: String = Sql::<Encoding>::constant().get_result(connection)?;
    if encoding == "UTF8" {
        return Ok(());
    }
    let message = format!("the database's encoding is {encoding}, but must be UTF8: create it with ENCODING 'UTF8'");
    Err(Failure::Refused(BackendError::new(BACKEND, BackendErrorKind::Internal, message)))
}
