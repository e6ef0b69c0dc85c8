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
mod connecting;
mod connection;
mod error;
mod health;
mod ledger;
mod line;
mod link;
mod migrations;
mod people;
mod pool;
mod read;
mod readers;
mod rows;
mod running;
mod schema;
mod session;
mod settings;
mod sql;
mod sqlstate;
#[cfg(feature = "test-support")]
pub mod test_database;
mod timers;

use std::time::Duration;

use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use prometheus_client::registry::Registry;
use stint_domain::{BackendError, BackendErrorKind};

use crate::sql::statements;
use crate::tried::Tried;
use attempt::{Failure, Repeat};
use error::BACKEND;
use pool::Pool;
use readers::Readers;
use session::Sessions;
pub use settings::PostgresSettings;
use sql::Sql;

/// The ledger in Postgres. Clones share its connections.
#[derive(Clone)]
pub struct Postgres {
    sessions: Sessions,
    requests: Pool,
    /// For groups only.
    groups: Pool,
    /// For groups of look-ups.
    readers: Readers,
    /// One connection for health checks, which must not wait behind requests.
    aside: Pool,
    health_timeout: Duration,
    lock_timeout: Duration,
    /// The result of the last trial write.
    tried: Tried,
}

impl Postgres {
    /// Connects once, to find out whether the server is reachable and accepts the login, and whether the database's
    /// encoding can store every text.
    ///
    /// Later, lost connections are replaced when they are needed.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, BackendError> {
        let postgres = Self::unconnected(settings);
        postgres.requests.run(Repeat::Reads, (), |connection, ()| Box::pin(require_utf8(connection))).await?;
        Ok(postgres)
    }

    /// Like [`Self::connect`], but does not connect: the first request does. The server need not be up yet.
    pub fn unconnected(settings: &PostgresSettings) -> Self {
        let sessions = Sessions::new(settings);
        let for_groups = sessions.for_groups(settings);
        let groups = Pool::new(for_groups.clone(), settings.group_pool_size, settings.queue);
        Self {
            requests: Pool::new(sessions.clone(), settings.pool_size, settings.queue),
            readers: Readers::new(for_groups, settings.statement_timeout, groups.clone()),
            groups,
            aside: Pool::new(sessions.clone(), 1, settings.queue),
            sessions,
            health_timeout: settings.health_timeout,
            lock_timeout: settings.lock_timeout,
            tried: Tried::default(),
        }
    }

    /// Makes the server end every statement that still runs for this handle and its clones. For the end of a process,
    /// which would otherwise wait for them. Behind a transaction pooler this ends nothing; there the role's time-outs
    /// do.
    pub async fn end_statements(&self) -> Result<(), BackendError> {
        self.sessions.end_statements().await
    }

    /// Registers the gauges of the pool for requests as `database_pool_...` and those of the pool for groups as
    /// `database_group_pool_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.requests.metrics().register(registry);
        self.groups.metrics().register_as("database_group_pool", registry);
    }
}

statements! {
    /// The encoding of the database.
    Encoding: Text = "SELECT current_setting('server_encoding')";
}

/// Other encodings cannot represent some texts, or count characters as bytes.
async fn require_utf8(connection: &mut AsyncPgConnection) -> Result<(), Failure<BackendError>> {
    let encoding: String = Sql::<Encoding>::constant().get_result(connection).await?;
    if encoding == "UTF8" {
        return Ok(());
    }
    let message = format!("the database's encoding is {encoding}, but must be UTF8: create it with ENCODING 'UTF8'");
    Err(Failure::Refused(BackendError::new(BACKEND, BackendErrorKind::Internal, message)))
}
