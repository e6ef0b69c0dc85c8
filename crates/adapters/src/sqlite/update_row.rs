//! Updates of whole rows, prepared once per connection.
//!
//! Diesel's own `UPDATE` is prepared again each time it is run, because the columns that a changeset sets may vary.
//! Here they are always the same, so Diesel finds the prepared statement by its text.

use diesel::prelude::*;
use diesel::query_builder::{AsChangeset, AstPass, QueryFragment, QueryId};
use diesel::sql_types::Binary;
use diesel::sqlite::Sqlite;

/// Sets all columns of a changeset, none of them optional, in the row of `table` with this id.
pub(super) struct UpdateRow<C> {
    table: &'static str,
    columns: C,
    id: [u8; 16],
}

impl<C> UpdateRow<C> {
    pub(super) fn new(table: &'static str, id: [u8; 16], columns: impl AsChangeset<Changeset = C>) -> Self {
        Self { table, columns: columns.as_changeset(), id }
    }
}

impl<C: QueryFragment<Sqlite>> QueryFragment<Sqlite> for UpdateRow<C> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("UPDATE ");
        out.push_identifier(self.table)?;
        out.push_sql(" SET ");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(" WHERE id = ");
        out.push_bind_param::<Binary, _>(&self.id)
    }
}

impl<C> QueryId for UpdateRow<C> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<C> RunQueryDsl<SqliteConnection> for UpdateRow<C> {}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use diesel::connection::{InstrumentationEvent, SimpleConnection};
    use stint_domain::ledger::{Job, JobName};
    use stint_domain::values::{JobId, Timestamp};
    use uuid::Uuid;

    use crate::sqlite::ledger::job;

    use super::*;

    #[test]
    fn an_update_is_prepared_once() {
        let mut connection = SqliteConnection::establish(":memory:").unwrap();
        let schema = include_str!("../../../../migrations/sqlite/2026-11-21-000001_expand_ledger/up.sql");
        connection.batch_execute(schema).unwrap();
        let (prepared, run) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(0)));
        connection.set_instrumentation({
            let (prepared, run) = (prepared.clone(), run.clone());
            move |event: InstrumentationEvent<'_>| match event {
                InstrumentationEvent::CacheQuery { sql, .. } => prepared.lock().unwrap().push(sql.to_owned()),
                InstrumentationEvent::StartQuery { .. } => *run.lock().unwrap() += 1,
                _ => {}
            }
        });

        let at = Timestamp::from_micros(0).unwrap();
        let mut save = || {
            let name = JobName::new("Research").unwrap();
            let job = Job::new(JobId::new(Uuid::nil()), name, stint_domain::ledger::JobStatus::Open, at);
            job::update(&mut connection, &job).unwrap();
        };
        save();
        save();
        assert_eq!(*run.lock().unwrap(), 2);
        assert_eq!(prepared.lock().unwrap().len(), 1, "{prepared:?}");
    }
}
