//! Sums all entries under the lock that every write takes.

use std::collections::HashMap;

use async_trait::async_trait;
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::TotalsAudit;
use stint_domain::ledger::ports::totals::{ChangedAfter, Drift, TotalsReport};
use stint_domain::values::{JobId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};

use crate::memory::{BACKEND, Memory};

#[async_trait]
impl TotalsAudit for Memory {
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError> {
        let ledger = self.ledger();
        let late = ledger.jobs.values().map(|job| job.updated_at).filter(|at| *at > moment);
        let late: Vec<_> = late.collect();
        Ok(ChangedAfter { jobs: late.len() as u64, latest: late.into_iter().max() })
    }

    async fn audit(&self) -> Result<TotalsReport, BackendError> {
        let ledger = self.ledger();
        let mut sums: HashMap<JobId, TotalMinutes> = HashMap::new();
        for entry in ledger.entries.values() {
            let sum = sums.entry(entry.related_job).or_default();
            *sum = sum
                .plus(entry.minutes_worked)
                .map_err(|overflow| BackendError::new(BACKEND, BackendErrorKind::Internal, overflow))?;
        }
        let drift = |id: &JobId| {
            let (recorded, summed) = (ledger.jobs[id].total_minutes, sums.get(id).copied().unwrap_or_default());
            (recorded != summed).then_some(Drift { job: *id, recorded, summed })
        };
        Ok(TotalsReport {
            jobs: ledger.jobs.len() as u64,
            time_entries: ledger.entries.len() as u64,
            drifts: ledger.jobs.keys().filter_map(drift).take(TotalsReport::MOST_DRIFTS).collect(),
        })
    }
}
