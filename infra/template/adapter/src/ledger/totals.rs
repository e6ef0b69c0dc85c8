//! The proof that totals equal sums.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::values::Timestamp;

use crate::Store;
use crate::store::internal;

#[async_trait]
impl TotalsAudit for Store {
    async fn audit(&self) -> Result<TotalsReport, BackendError> {
        let state = self.read();
        let mut drifts = Vec::new();
        for job in state.jobs.values() {
            let of_job = state.entries.values().filter(|entry| entry.related_job == job.id);
            let summed = of_job.map(|entry| entry.minutes_worked).try_fold(TotalMinutes::ZERO, TotalMinutes::plus);
            let (recorded, summed) = (job.total_minutes, summed.map_err(internal)?);
            if recorded != summed && drifts.len() < TotalsReport::MOST_DRIFTS {
                drifts.push(Drift { job: job.id, recorded, summed });
            }
        }
        Ok(TotalsReport { jobs: state.jobs.len() as u64, time_entries: state.entries.len() as u64, drifts })
    }

    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError> {
        let state = self.read();
        let late = state.jobs.values().map(|job| job.updated_at).filter(|at| *at > moment);
        Ok(ChangedAfter { jobs: late.clone().count() as u64, latest: late.max() })
    }
}
