//! The suite on Postgres, and what Postgres alone owes.

mod concurrency;
mod connections;
mod migrations;
mod schema;

use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_adapters::postgres::test_database::TestDatabase;
use stint_adapters::postgres::{Postgres, PostgresSettings};
use stint_conformance::Ledger;

mod conformance {
    use std::sync::Arc;

    use super::*;

    async fn ledger() -> Ledger {
        let (postgres, database) = postgres().await;
        Ledger::new(postgres, Arc::new(database))
    }

    stint_conformance::ledger!(ledger);
}

/// A fresh database with the schema, and the adapter on it.
async fn postgres() -> (Postgres, TestDatabase) {
    let database = TestDatabase::create();
    let postgres = Postgres::connect(&PostgresSettings::new(database.url())).await.unwrap();
    (postgres, database)
}

/// A connection beside the adapter's.
fn connection(database: &TestDatabase) -> PgConnection {
    PgConnection::establish(&database.url()).unwrap()
}
