//! The suites on memory.

use stint_adapters::memory::Memory;
use stint_domain::ledger::TotalMinutes;
use stint_domain::values::JobId;

async fn memory() -> (Memory, ()) {
    (Memory::new(), ())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what keeps other backends is larger")]
fn plant(memory: &Memory, (): &(), job: JobId, total: TotalMinutes) {
    memory.plant_total(job, total);
}

crate::suites::suites!(memory, plant);
