//! `stint check totals`: compares every total with its sum.

use std::process::ExitCode;

use anyhow::Result;
use stint_domain::ledger::ports::totals::{ChangedAfter, TotalsReport};

use crate::commands::connect;
use crate::output;

pub(super) async fn run() -> Result<ExitCode> {
    let ports = connect().await?;
    ports.require_schema().await?;
    let TotalsReport { jobs, time_entries, drifts } = ports.totals.audit().await?;
    for drift in &drifts {
        output::line(format_args!(
            "job {}: total_minutes is {}, its entries sum to {}",
            drift.job, drift.recorded, drift.summed
        ))?;
    }
    let drifted = match drifts.len() {
        0 => "every total equals its sum".to_owned(),
        TotalsReport::MOST_DRIFTS => format!("{} or more totals do not equal their sums", TotalsReport::MOST_DRIFTS),
        some => format!("totals that do not equal their sums: {some}"),
    };
    output::line(format_args!("jobs: {jobs}, time entries: {time_entries}; {drifted}"))?;
    let now = ports.sources.clock.now();
    let changed = ports.totals.changed_after(ChangedAfter::tolerated(now)).await?;
    if let ChangedAfter { jobs, latest: Some(latest) } = changed {
        // This is no defect of the ledger, so it does not change the exit status.
        output::line(format_args!(
            "jobs that were changed later than now ({now}), when a clock was ahead or if this one is behind: {jobs}; \
             the latest at {latest}"
        ))?;
    }
    Ok(if drifts.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
