//! Proves regularly that totals equal sums, and raises the alarm when they do not.
//!
//! A drift means a defect, or a change by hand in the database. It does not go away by itself, so the run is not
//! tried again but waits for an operator. Nothing is corrected here: only an operator can tell which of the two
//! numbers is right.
//!
//! It also reports jobs that were changed while a clock was fast, which is no drift.

use std::sync::Arc;

use async_trait::async_trait;
use stint_domain::background::ports::task::{TaskRun, TaskState};
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::{ChangedAfter, TotalsReport};
use stint_domain::values::Timestamp;

use crate::metrics::TaskMetrics;
use crate::task::{Task, TaskError};

/// Compares every job's total with the sum of its entries.
pub struct VerifyTotals {
    /// The port that compares.
    pub totals: Arc<dyn TotalsAudit>,
    /// Shows how many jobs drifted.
    pub metrics: TaskMetrics,
}

#[async_trait]
impl Task for VerifyTotals {
    fn name(&self) -> &'static str {
        "verify_totals"
    }

    async fn run(&self, now: Timestamp) -> Result<String, TaskError> {
        let TotalsReport { jobs, time_entries, drifts } = self.totals.audit().await?;
        self.metrics.drifted(drifts.len());
        for drift in &drifts {
            let (recorded, summed) = (drift.recorded.get(), drift.summed.get());
            tracing::error!(job = %drift.job, recorded, summed, "a total is not the sum of its entries");
        }
        // After the proof, so that a failure here does not affect the proof: this reads all jobs in one statement.
        match self.totals.changed_after(ChangedAfter::tolerated(now)).await {
            Ok(ChangedAfter { jobs, latest: Some(latest) }) => {
                tracing::warn!(jobs, %latest, "changes are dated later than now: a clock was or is wrong");
            }
            Ok(ChangedAfter { latest: None, .. }) => {}
            Err(error) => tracing::warn!(%error, "cannot look for changes that are dated later than now"),
        }
        match drifts.len() {
            0 => Ok(format!("compared {jobs} jobs with {time_entries} time entries")),
            drifted => {
                let or_more = if drifted == TotalsReport::MOST_DRIFTS { " or more" } else { "" };
                let help = "run `stint check totals`";
                Err(TaskError::lasting(format!("totals that are not sums: {drifted}{or_more} of {jobs}; {help}")))
            }
        }
    }

    /// Shows no drift any more when another process found none. Otherwise a process that found one would show it until
    /// it finds none itself.
    fn notice(&self, latest: &TaskRun) {
        if latest.state == TaskState::Succeeded {
            self.metrics.drifted(0);
        }
    }
}
