//! How SQLite's migrations are read and run. [`crate::migrations`] has the rules.

use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{Bool, Text};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use stint_domain::BackendError;

use super::error::{BACKEND, classify};
use super::session::{Session, Sessions};
use crate::migrations::{self, AppliedMigration};

/// SQLite's part of the migrator.
pub(super) struct Dialect;

impl migrations::Dialect for Dialect {
    type Connection = SqliteConnection;
    type Manager = Sessions;

    const BACKEND: &'static str = BACKEND;
    const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

    fn applied(session: &mut Session) -> Result<Vec<AppliedMigration>, BackendError> {
        applied(session.connection()?).map_err(classify)
    }

    /// The lock that every write takes keeps other migrators away, too. So all of `f` is one transaction: either all
    /// missing migrations are run or none is.
    fn exclusively<T>(
        session: &mut Session,
        f: impl FnOnce(&mut SqliteConnection) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        session.write(f)
    }
}

#[derive(QueryableByName)]
struct AppliedRow {
    #[diesel(sql_type = Text)]
    version: String,
    #[diesel(sql_type = Bool)]
    contract: bool,
}

fn applied(connection: &mut SqliteConnection) -> QueryResult<Vec<AppliedMigration>> {
    // The first migration creates the table of contractions. So the table is missing before the first migration and
    // after the last `down`, although Diesel's own table may exist.
    let query =
        match (has_table(connection, "__diesel_schema_migrations")?, has_table(connection, "contract_migrations")?) {
            (false, _) => return Ok(Vec::new()),
            (true, false) => "SELECT version, FALSE AS contract FROM __diesel_schema_migrations",
            (true, true) => {
                "SELECT version, version IN (SELECT version FROM contract_migrations) AS contract
             FROM __diesel_schema_migrations"
            }
        };
    let rows: Vec<AppliedRow> = sql_query(query).load(connection)?;
    Ok(rows.into_iter().map(|AppliedRow { version, contract }| AppliedMigration { version, contract }).collect())
}

fn has_table(connection: &mut SqliteConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Bool)]
        found: bool,
    }

    let query = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?) AS found";
    sql_query(query).bind::<Text, _>(name).get_result(connection).map(|Found { found }| found)
}
