//! The suites, each clause on a file of its own.

use diesel::connection::SimpleConnection;
use stint_adapters::sqlite::Sqlite;
use stint_domain::ledger::TotalMinutes;
use stint_domain::values::JobId;
use tempfile::TempDir;

fn plant(_: &Sqlite, folder: &TempDir, job: JobId, total: TotalMinutes) {
    let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = x'{}'", job.as_uuid().simple());
    super::bare(folder).batch_execute(&sql).unwrap();
}

crate::suites::suites_of_a_database!(super::database, plant);
