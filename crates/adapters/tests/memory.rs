//! The suite on memory.

use std::sync::Arc;

use stint_adapters::memory::Memory;
use stint_conformance::{Capture, Fixture, Ledger};
use stint_domain::ports::{HealthCheck, TokenRepository};

async fn ledger() -> Ledger {
    Ledger::new(Memory::new(), ())
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

stint_conformance::ledger!(ledger);
stint_conformance::ping_repository!(capture);
stint_conformance::token_repository!(tokens);
stint_conformance::health_check!(health);
