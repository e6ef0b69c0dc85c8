//! How SQLite's migrations are read and run. [`crate::migrations`] has the rules.

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use stint_domain::BackendError;

use super::error::{BACKEND, classify};
use super::session::Sessions;
use super::sql::Sql;
use crate::blocking::Blocking;
use crate::migrations::{self, AppliedMigration};
use crate::sql::statements;

/// SQLite's part of the migrator, and the pool that it uses.
pub(super) struct Dialect(pub(super) Blocking<Sessions>);

impl migrations::Dialect for Dialect {
    type Connection = SqliteConnection;

    const BACKEND: &'static str = BACKEND;
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

    async fn applied(&self) -> Result<Vec<AppliedMigration>, BackendError> {
        self.0.run(|session| applied(session.connection()?).map_err(classify)).await
    }

    /// The lock that every write takes keeps other migrators away, too. So all of `f` is one transaction: either all
    /// missing migrations are run or none is.
    async fn exclusively<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut SqliteConnection) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.0.run(|session| session.write(f)).await
    }
}

statements! {
    HasTable: Bool = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)";
    Versions: (Text, Bool) = "SELECT version, FALSE FROM __diesel_schema_migrations";
    MarkedVersions: (Text, Bool) = "
        SELECT version, version IN (SELECT version FROM contract_migrations) FROM __diesel_schema_migrations";
}

fn applied(connection: &mut SqliteConnection) -> QueryResult<Vec<AppliedMigration>> {
    // The first migration creates the table of contractions. So the table is missing before the first migration and
    // after the last `down`, although Diesel's own table may exist.
    let rows: Vec<(String, bool)> =
        match (has_table(connection, "__diesel_schema_migrations")?, has_table(connection, "contract_migrations")?) {
            (false, _) => return Ok(Vec::new()),
            (true, false) => Sql::<Versions>::constant().load(connection)?,
            (true, true) => Sql::<MarkedVersions>::constant().load(connection)?,
        };
    Ok(rows.into_iter().map(|(version, contract)| AppliedMigration { version, contract }).collect())
}

fn has_table(connection: &mut SqliteConnection, name: &str) -> QueryResult<bool> {
    Sql::<HasTable>::constant().bind::<Text, _>(name).get_result(connection)
}
