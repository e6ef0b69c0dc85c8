//! How SQLite would run a query, for the tests that a listing reads an index from its place on and sorts nothing.

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::query_builder::QueryFragment;
use diesel::sql_query;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;

/// The steps of the plan on a fresh schema. Parameters do not matter to it, so they stay unbound.
pub(super) fn query_plan(query: &impl QueryFragment<Sqlite>) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Step {
        #[diesel(sql_type = Text)]
        detail: String,
    }

    let mut connection = SqliteConnection::establish(":memory:").unwrap();
    for schema in [
        include_str!("../../../../migrations/sqlite/2026-11-21-000001_expand_ledger/up.sql"),
        include_str!("../../../../migrations/sqlite/2026-11-21-000002_expand_capture/up.sql"),
        include_str!("../../../../migrations/sqlite/2026-11-21-000003_expand_jobs_by_name/up.sql"),
    ] {
        connection.batch_execute(schema).unwrap();
    }
    let text = diesel::debug_query::<Sqlite, _>(query).to_string();
    let (text, _binds) = text.split_once(" -- binds:").unwrap();
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {text}")).load(&mut connection).unwrap();
    steps.into_iter().map(|step| step.detail).collect()
}
