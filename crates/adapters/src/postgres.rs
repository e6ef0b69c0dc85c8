//! The ledger in Postgres, through Diesel and a pool.
//!
//! What a method does is in the file of its port. What they share: [`sql`] (statements that are prepared once),
//! [`mod@attempt`] (transactions, and when to try again), [`session`] (connections, and how lost ones are replaced),
//! [`error`] and [`sqlstate`] (what a failure means) and [`rows`].
//!
//! Writes of entries are carried out in groups ([`mod@ledger::group`]), of which one write alone is the smallest. Deliberately absent:
//! gathering those of several callers. That is [`crate::coalescing`]'s business.
//!
//! The order of locks, which every transaction keeps: jobs by ascending id, then entries, then idempotency keys by
//! token and key. An entry is written only by who holds the lock of its job, so it needs none of its own. (A new job
//! may have its key first, because it is locked by nobody.)

mod access;
mod attempt;
mod background;
mod capture;
mod error;
mod health;
mod ledger;
mod migrations;
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
use crate::tried::Tried;
use attempt::{Failure, Repeat, attempt};
use error::BACKEND;
use session::Sessions;
pub use settings::PostgresSettings;
use sql::{Constant, Sql};

/// The ledger in Postgres; clones share its pool.
#[derive(Clone)]
pub struct Postgres {
    requests: Blocking<Sessions>,
    /// For groups alone.
    groups: Blocking<Sessions>,
    /// One connection for health checks and migrations, which must not queue behind requests.
    aside: Blocking<Sessions>,
    health_timeout: Duration,
    lock_timeout: Duration,
    /// Whether a write would work.
    tried: Tried,
    /// For the one session that ends the statements of the others.
    ending: Arc<Sessions>,
}

impl Postgres {
    /// Connects once, to tell a server that cannot be reached or does not let us in from one that can and does; and a
    /// database that cannot hold every text from one that can.
    ///
    /// Later on, lost connections are replaced when they are needed.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, BackendError> {
        let postgres = Self::unconnected(settings);
        postgres.reading(require_utf8).await?;
        Ok(postgres)
    }

    /// The same without connecting: the first request does, and a server that is not there yet is not waited for.
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

    /// Has the server end every statement that still runs for this handle and its clones: for the end of a process,
    /// which would wait for them otherwise. Behind a transaction pooler nothing is ended; there the role's time-outs do.
    pub async fn end_statements(&self) -> Result<(), BackendError> {
        let ending = Arc::clone(&self.ending);
        let ended = spawn_blocking(move || ending.end_statements()).await;
        ended.unwrap_or_else(|error| Err(BackendError::new(BACKEND, BackendErrorKind::Internal, error)))
    }

    /// Shows the gauges of the pool that serves requests as `database_pool_...` and those of the pool for groups as
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

    /// Carries out what only reads.
    async fn reading<T, R>(
        &self,
        operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        self.run(Repeat::Reads, operation).await
    }

    /// Carries out what stores something under its own id and recognises it.
    async fn repeatably<T, R>(
        &self,
        operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        self.run(Repeat::Harmless, operation).await
    }

    /// Carries out what may count twice when it is done twice.
    async fn once<T, R>(
        &self,
        operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        self.run(Repeat::Never, operation).await
    }
}

/// In which encoding the database keeps text.
struct Encoding;

impl Constant for Encoding {
    type Columns = Text;
    const SQL: &'static str = "SELECT current_setting('server_encoding')";
}

/// In others some text has no form, or characters are counted as bytes.
fn require_utf8(connection: &mut PgConnection) -> Result<(), Failure<BackendError>> {
    let encoding: String = Sql::<Encoding>::constant().get_result(connection)?;
    if encoding == "UTF8" {
        return Ok(());
    }
    let message = format!("the database's encoding is {encoding}, but must be UTF8: create it with ENCODING 'UTF8'");
    Err(Failure::Refused(BackendError::new(BACKEND, BackendErrorKind::Internal, message)))
}
