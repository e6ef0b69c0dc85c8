//! The schema's migrations, and how Postgres keeps two migrators apart.

use std::time::Duration;

use diesel::sql_types::{Bool, Text};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

use super::Postgres;
use super::attempt::{Failure, Repeat};
use super::error::{BACKEND, backend_error};
use super::pool::Pool;
use super::session::Sessions;
use super::sql::Sql;
use crate::joined::aborted;
use crate::migrations::{AppliedMigration, Dialect, Migrator};
use crate::sql::statements;

impl Postgres {
    /// Runs and reverts migrations. Behind a transaction pooler, give it a URL that bypasses the pooler.
    pub fn migrator(&self) -> Migrator {
        Migrator::new(PostgresDialect { pool: self.aside.clone(), sessions: self.sessions.clone() })
    }
}

/// Postgres' part of the migrator.
pub(super) struct PostgresDialect {
    pool: Pool,
    sessions: Sessions,
}

impl Dialect for PostgresDialect {
    /// Diesel's migrations block. Each statement of theirs waits on a thread that may.
    type Connection = AsyncConnectionWrapper<AsyncPgConnection>;

    const BACKEND: &'static str = BACKEND;
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

    async fn applied(&self) -> Result<Vec<AppliedMigration>, BackendError> {
        match self.pool.run(Repeat::Reads, (), |connection, ()| Box::pin(applied(connection))).await {
            // Either no migration has been run, or the failure has another cause.
            Err(error) if error.kind == BackendErrorKind::Internal => {
                match self.pool.run(Repeat::Reads, (), |connection, ()| Box::pin(is_empty(connection))).await {
                    Ok(true) => Ok(Vec::new()),
                    _ => Err(error),
                }
            }
            applied => applied,
        }
    }

    async fn exclusively<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Self::Connection) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        // A connection of its own: the lock and the settings end with it.
        let mut opened = self.sessions.open().await?;
        alone(&mut opened.connection).await.map_err(backend_error)?;
        let migrate = spawn_blocking(move || f(&mut opened.connection.into()));
        migrate.await.map_err(|error| aborted(BACKEND, error))?
    }
}

async fn applied(connection: &mut AsyncPgConnection) -> Result<Vec<AppliedMigration>, Failure<BackendError>> {
    let rows: Vec<(String, bool)> = Sql::<Applied>::constant().load(connection).await?;
    Ok(rows.into_iter().map(|(version, contract)| AppliedMigration { version, contract }).collect())
}

async fn is_empty(connection: &mut AsyncPgConnection) -> Result<bool, Failure<BackendError>> {
    Ok(Sql::<IsEmpty>::constant().get_result(connection).await?)
}

/// Removes the time-outs and waits until no other migrator runs, however long that takes.
///
/// It asks for the lock again and again: a statement that waited for the lock would keep a snapshot open, and the
/// other migrator's `CREATE INDEX CONCURRENTLY` would wait for that snapshot.
async fn alone(connection: &mut AsyncPgConnection) -> diesel::QueryResult<()> {
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0").await?;
    while !Sql::<TryLock>::constant().get_result::<bool>(connection).await? {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

statements! {
    /// Takes the migrators' lock if it is free. The lock belongs to the session and not to a transaction, because a
    /// migration may ask to run without one.
    TryLock: Bool = "SELECT pg_try_advisory_lock(7310867221)";
    /// The migrations that have been run, and which of them registered themselves as contractions.
    Applied: (Text, Bool) = "
        SELECT version, version IN (SELECT version FROM contract_migrations)
        FROM __diesel_schema_migrations";
    /// Whether no migration has been run, so that the tables above do not exist.
    IsEmpty: Bool = "
        SELECT to_regclass('__diesel_schema_migrations') IS NULL OR to_regclass('contract_migrations') IS NULL";
}
