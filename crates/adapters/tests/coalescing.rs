//! The suite on databases whose callers share groups, and what only sharing could break.

mod callers;
#[cfg(feature = "test-support")]
mod held;
#[cfg(feature = "test-support")]
mod look_ups;
#[cfg(feature = "test-support")]
mod plans;
#[cfg(feature = "test-support")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::any::Any;
use std::sync::Arc;

use stint_conformance::Ledger;
use stint_domain::ledger::ports::{JobRepository, TimeEntryRepository, TotalsAudit};

/// The suite's ledger over `ports`. The audit reads `database` directly.
fn ledger<P, D>(ports: P, database: D, guard: impl Any + Send + Sync) -> Ledger
where
    P: JobRepository + TimeEntryRepository + 'static,
    D: TotalsAudit + 'static,
{
    let ports = Arc::new(ports);
    Ledger { jobs: ports.clone(), time_entries: ports, totals: Arc::new(database), guard: Arc::new(guard) }
}
