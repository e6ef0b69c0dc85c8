//! How SQLite would run a query, for tests that a listing starts in the middle of an index and sorts nothing.

use std::fs;
use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;

/// The steps of the plan on a fresh schema. Parameters do not affect the plan, so they stay unbound.
pub(super) fn query_plan(query: &impl QueryFragment<Sqlite>) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    let migrations = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations/sqlite");
    let mut migrations: Vec<_> = fs::read_dir(migrations).unwrap().map(|entry| entry.unwrap().path()).collect();
    migrations.sort();
    for migration in migrations {
        connection.batch_execute(&fs::read_to_string(migration.join("up.sql")).unwrap()).unwrap();
    }
    let text = diesel::debug_query::<Sqlite, _>(query).to_string();
    let (text, _binds) = text.split_once(" -- binds:").unwrap();
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(&mut connection).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}
