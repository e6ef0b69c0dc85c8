//! The suite on SQLite, and what SQLite alone owes.

use stint_adapters::sqlite::{Sqlite, SqliteSettings};
use stint_conformance::Ledger;
use tempfile::TempDir;

/// A fresh database in a folder of its own, with the schema.
async fn database() -> (Sqlite, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = Sqlite::open(&SqliteSettings::new(folder.path().join("stint.db"))).unwrap();
    sqlite.migrator().up().await.unwrap();
    (sqlite, folder)
}

mod conformance {
    use super::*;

    async fn ledger() -> Ledger {
        let (sqlite, folder) = database().await;
        Ledger::new(sqlite, folder)
    }

    stint_conformance::ledger!(ledger);
}
