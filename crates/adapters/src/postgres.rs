//! The ledger in Postgres, through Diesel and a pool.
//!
//! What a method does is in the file of its port. What they share: [`sql`] (statements that are prepared once),
//! [`mod@attempt`] (transactions, and when to try again), [`session`] (connections, and how lost ones are replaced),
//! [`error`] (what a failure means) and [`rows`].
//!
//! The order of locks, which every transaction keeps: an idempotency key, then jobs by ascending id, then entries. An
//! entry is written only by who holds the lock of its job, so it needs none of its own.
//!
//! Deliberately absent: grouping the writes of several callers. That is a decorator's business, which wraps the ports.

mod attempt;
mod error;
mod health;
mod idempotency;
mod job;
mod migrations;
mod rows;
mod schema;
mod session;
mod settings;
mod sql;
#[cfg(feature = "test-support")]
pub mod test_database;
mod time_entry;
mod token;
mod totals;

use std::time::Duration;

use diesel::pg::PgConnection;
use r2d2::Pool;
use stint_domain::ports::BackendError;

use crate::PoolMetrics;
use crate::blocking::Blocking;
use crate::migrations::Migrator;
use attempt::{Failure, Repeat, attempt};
use session::Sessions;
pub use settings::PostgresSettings;

const BACKEND: &str = "postgres";

/// The ledger in Postgres; clones share its pool.
#[derive(Clone)]
pub struct Postgres {
    requests: Blocking<Sessions>,
    /// One connection for health checks and migrations, which must not queue behind requests.
    aside: Blocking<Sessions>,
    health_timeout: Duration,
}

impl Postgres {
    /// Connects once, to tell a server that cannot be reached or does not let us in from one that can and does.
    ///
    /// Later on, lost connections are replaced when they are needed.
    pub async fn connect(settings: &PostgresSettings) -> Result<Self, BackendError> {
        let postgres = Self::unconnected(settings);
        postgres.requests.run(|session| session.connection().map(|_| ())).await?;
        Ok(postgres)
    }

    /// The same without connecting: the first request does, and a server that is not there yet is not waited for.
    pub fn unconnected(settings: &PostgresSettings) -> Self {
        let sessions = Sessions::new(settings);
        let aside = sessions.alongside();
        let blocking = |sessions, size| {
            let pool = Pool::builder().max_size(size).test_on_check_out(false).build_unchecked(sessions);
            Blocking::new(BACKEND, pool, settings.queue)
        };
        Self {
            requests: blocking(sessions, settings.pool_size.max(1)),
            aside: blocking(aside, 1),
            health_timeout: settings.health_timeout,
        }
    }

    /// Runs and reverts migrations. Behind a transaction pooler, give it a URL that goes past the pooler.
    pub fn migrator(&self) -> Migrator {
        Migrator::new::<migrations::Postgres>(self.aside.clone())
    }

    /// The gauges of the pool that serves requests.
    pub fn metrics(&self) -> &PoolMetrics {
        self.requests.metrics()
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

    /// Carries out what only reads, or what stores something under its own id and recognises it.
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
