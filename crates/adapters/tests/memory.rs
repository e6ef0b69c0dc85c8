//! The suite on memory.

use std::sync::Arc;

use stint_adapters::memory::Memory;
use stint_conformance::capture::ping::full::Full;
use stint_conformance::ledger::totals::drift::Drifting;
use stint_conformance::{Capture, Fixture, House, Ledger, PingHouse, Projects};
use stint_domain::HealthCheck;
use stint_domain::access::ports::TokenRepository;
use stint_domain::background::ports::TaskLog;

async fn ledger() -> Ledger {
    Ledger::new(Memory::new(), ())
}

async fn drifting() -> Drifting {
    let memory = Memory::new();
    Drifting {
        ledger: Ledger::new(memory.clone(), ()),
        plant: Arc::new(move |job, total| {
            memory.plant_total(job, total);
            Box::pin(async {})
        }),
    }
}

async fn tokens() -> Fixture<dyn TokenRepository> {
    Fixture::new(Arc::new(Memory::new()), ())
}

async fn health() -> Fixture<dyn HealthCheck> {
    Fixture::new(Arc::new(Memory::new()), ())
}

async fn capture() -> Capture {
    Capture::new(Memory::new(), ())
}

async fn full() -> Full {
    let memory = Memory::new();
    Full {
        capture: Capture::new(memory.clone(), ()),
        plant: Arc::new(move |job, total| {
            memory.plant_total(job, total);
            Box::pin(async {})
        }),
    }
}

async fn tasks() -> Fixture<dyn TaskLog> {
    Fixture::new(Arc::new(Memory::new()), ())
}

async fn house() -> House {
    House::new(Memory::new(), ())
}

async fn ping_house() -> PingHouse {
    let memory = Memory::new();
    PingHouse { capture: Capture::new(memory.clone(), ()), housekeeping: Arc::new(memory) }
}

async fn projects() -> Projects {
    let memory = Memory::new();
    Projects { capture: Capture::new(memory.clone(), ()), new_projects: Arc::new(memory) }
}

stint_conformance::ledger!(ledger);
stint_conformance::totals_audit_finds!(drifting);
stint_conformance::new_projects!(projects);
stint_conformance::ping_repository!(capture);
stint_conformance::ping_repository_fails_whole!(full);
stint_conformance::token_repository!(tokens);
stint_conformance::health_check!(health);
stint_conformance::task_log!(tasks);
stint_conformance::housekeeping!(house);
stint_conformance::housekeeping_of_pings!(ping_house);
