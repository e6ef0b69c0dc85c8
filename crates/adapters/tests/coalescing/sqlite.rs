//! On SQLite.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use stint_adapters::coalescing::Coalescing;
use stint_adapters::sqlite::Sqlite;
use stint_conformance::Ledger;
use stint_conformance::ledger::totals::drift::Drifting;
use tempfile::TempDir;

use super::callers;
use crate::given;
use crate::sqlite::bare;

fn open(folder: &TempDir) -> Sqlite {
    Sqlite::open(&given::sqlite(folder.path().join("stint.db"))).unwrap()
}

async fn ledger() -> Ledger {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    sqlite.migrator().up().await.unwrap();
    super::ledger(Coalescing::new(sqlite.clone(), given::COALESCING.with_one_writer()), sqlite, folder)
}

async fn drifting() -> Drifting {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let sqlite = open(&folder);
    sqlite.migrator().up().await.unwrap();
    let coalescing = Coalescing::new(sqlite.clone(), given::COALESCING.with_one_writer());
    Drifting {
        ledger: super::ledger(coalescing, sqlite, folder.clone()),
        plant: Arc::new(move |job, total| {
            let sql = format!("UPDATE jobs SET total_minutes = {total} WHERE id = x'{}'", job.as_uuid().simple());
            bare(&folder).batch_execute(&sql).unwrap();
            Box::pin(async {})
        }),
    }
}

stint_conformance::ledger!(ledger);
stint_conformance::totals_audit_finds!(drifting);

#[tokio::test(flavor = "multi_thread")]
async fn each_caller_in_a_group_gets_its_own_answer() {
    callers::each_caller_in_a_group_gets_its_own_answer(ledger().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reader_in_a_group_gets_its_own_page() {
    callers::each_reader_in_a_group_gets_its_own_page(ledger().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_large_pages_are_not_refused() {
    callers::readers_of_large_pages_are_not_refused(ledger().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_that_two_callers_choose_is_stored_for_one() {
    callers::an_id_that_two_callers_choose_is_stored_for_one(ledger().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_on_one_entry_keep_their_order() {
    callers::commands_on_one_entry_keep_their_order(ledger().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_on_one_file_keep_every_total() {
    let folder = tempfile::tempdir().unwrap();
    open(&folder).migrator().up().await.unwrap();
    let instance = || {
        let sqlite = open(&folder);
        super::ledger(Coalescing::new(sqlite.clone(), given::COALESCING.with_one_writer()), sqlite, ())
    };
    callers::mixed_writers_on_several_instances_keep_every_total(vec![instance(), instance()]).await;
}
