//! The suites, each clause on a database of its own.

use diesel::connection::SimpleConnection;
use stint_adapters::postgres::Postgres;
use stint_adapters::postgres::test_database::TestDatabase;
use stint_domain::ledger::TotalMinutes;
use stint_domain::values::JobId;

fn plant(_: &Postgres, database: &TestDatabase, job: JobId, total: TotalMinutes) {
    let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = '{job}'");
    super::connection(database).batch_execute(&sql).unwrap();
}

crate::suites::suites_of_a_database!(super::postgres, plant);
