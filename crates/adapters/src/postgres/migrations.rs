//! The schema's migrations, and how Postgres keeps two migrators apart.

use std::thread::sleep;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use stint_domain::{BackendError, BackendErrorKind};

use super::Postgres;
use super::attempt::{Repeat, attempt};
use super::error::BACKEND;
use super::error::backend_error;
use super::session::{Session, Sessions};
use super::sql::Sql;
use crate::migrations::{AppliedMigration, Dialect, Migrator};
use crate::sql::statements;

impl Postgres {
    /// Runs and reverts migrations. Behind a transaction pooler, give it a URL that bypasses the pooler.
    pub fn migrator(&self) -> Migrator {
        Migrator::new::<PostgresDialect>(self.aside.clone())
    }
}

/// Postgres' part of the migrator.
pub(super) struct PostgresDialect;

impl Dialect for PostgresDialect {
    type Connection = PgConnection;
    type Manager = Sessions;

    const BACKEND: &'static str = BACKEND;
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

    fn applied(session: &mut Session) -> Result<Vec<AppliedMigration>, BackendError> {
        let applied = attempt::<_, BackendError>(session, Repeat::Reads, |connection| {
            let rows: Vec<(String, bool)> = Sql::<Applied>::constant().load(connection)?;
            Ok(rows.into_iter().map(|(version, contract)| AppliedMigration { version, contract }).collect())
        });
        let is_empty = |connection: &mut PgConnection| Ok(Sql::<IsEmpty>::constant().get_result::<bool>(connection)?);
        match applied {
            // Either no migration has been run, or the failure has another cause.
            Err(error) if error.kind == BackendErrorKind::Internal => {
                match attempt::<_, BackendError>(session, Repeat::Reads, is_empty) {
                    Ok(true) => Ok(Vec::new()),
                    _ => Err(error),
                }
            }
            applied => applied,
        }
    }

    fn exclusively<T>(
        session: &mut Session,
        f: impl FnOnce(&mut PgConnection) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let connection = session.connection()?;
        let outcome = alone(connection).map_err(backend_error).and_then(|()| f(connection));
        // The lock and the settings end with the connection.
        session.spent();
        outcome
    }
}

/// Removes the time-outs and waits until no other migrator runs, however long that takes.
///
/// It asks for the lock again and again: a statement that waited for the lock would keep a snapshot open, and the
/// other migrator's `CREATE INDEX CONCURRENTLY` would wait for that snapshot.
fn alone(connection: &mut PgConnection) -> QueryResult<()> {
    connection.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
    while !Sql::<TryLock>::constant().get_result::<bool>(connection)? {
        sleep(Duration::from_millis(50));
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
