//! The schema's migrations, and how Postgres keeps two migrators apart.

use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use stint_domain::ports::BackendError;

use super::BACKEND;
use super::error::{Fault, backend_error, fault};
use super::session::{Session, Sessions};
use super::sql::{Constant, Sql};
use crate::migrations::{AppliedMigration, Dialect};

pub(super) struct Postgres;

impl Dialect for Postgres {
    type Connection = PgConnection;
    type Manager = Sessions;

    const BACKEND: &'static str = BACKEND;
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

    fn applied(session: &mut Session) -> Result<Vec<AppliedMigration>, BackendError> {
        let connection = session.connection()?;
        let error = match Sql::<Applied>::constant().load::<(String, bool)>(connection) {
            Ok(rows) => {
                let applied = |(version, contract)| AppliedMigration { version, contract };
                return Ok(rows.into_iter().map(applied).collect());
            }
            Err(error) => error,
        };
        if fault(&error) == Fault::Lost {
            session.lost();
            return Err(backend_error(error));
        }
        // Not even the first migration has been run; or it is something else.
        match Sql::<IsEmpty>::constant().get_result::<bool>(connection) {
            Ok(true) => Ok(Vec::new()),
            _ => Err(backend_error(error)),
        }
    }

    fn exclusively<T>(
        session: &mut Session,
        f: impl FnOnce(&mut PgConnection) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        // Of the session and not of a transaction, because a migration may ask to run without one.
        let connection = session.connection()?;
        connection
            .batch_execute("SET statement_timeout = 0; SET lock_timeout = 0; SELECT pg_advisory_lock(7310867221)")
            .map_err(backend_error)?;
        let outcome = f(connection);
        // With the connection end the lock and the settings.
        session.spent();
        outcome
    }
}

/// What has been run, and which of it registered itself as a contraction.
struct Applied;

impl Constant for Applied {
    type Columns = (Text, Bool);
    const SQL: &'static str = "
        SELECT version, version IN (SELECT version FROM contract_migrations)
        FROM __diesel_schema_migrations";
}

/// Whether no migration has been run, so that the tables above do not exist.
struct IsEmpty;

impl Constant for IsEmpty {
    type Columns = Bool;
    const SQL: &'static str = "
        SELECT to_regclass('__diesel_schema_migrations') IS NULL OR to_regclass('contract_migrations') IS NULL";
}
