//! The suite on memory.

use stint_adapters::memory::Memory;
use stint_conformance::Ledger;

async fn ledger() -> Ledger {
    Ledger::new(Memory::new(), ())
}

stint_conformance::ledger!(ledger);
