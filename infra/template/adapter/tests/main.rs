//! The suites of all ports that the storage implements.

use std::pin::Pin;
use std::sync::Arc;

use stint_conformance::ledger::totals::drift::Drifting;
use stint_conformance::{Fixture, Ledger};
use stint_domain::HealthCheck;
use stint_domain::access::ports::TokenRepository;

use stint_adapter_template::Store;

// Each makes a fresh, empty storage. The `()` is kept until a test is over and then dropped: put there what removes your
// database.

async fn ledger() -> Ledger {
    Ledger::new(Store::default(), ())
}

async fn drifting() -> Drifting {
    let store = Store::default();
    let ledger = Ledger::new(store.clone(), ());
    let plant = move |job, total| {
        store.plant_total(job, total);
        Box::pin(async {}) as Pin<Box<dyn Future<Output = ()> + Send>>
    };
    Drifting { ledger, plant: Arc::new(plant) }
}

async fn tokens() -> Fixture<dyn TokenRepository> {
    Fixture::new(Arc::new(Store::default()), ())
}

async fn health() -> Fixture<dyn HealthCheck> {
    Fixture::new(Arc::new(Store::default()), ())
}

stint_conformance::ledger!(ledger);
stint_conformance::totals_audit_finds!(drifting);
stint_conformance::token_repository!(tokens);
stint_conformance::health_check!(health);
