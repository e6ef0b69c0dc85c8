//! The proof that totals equal sums.

use async_trait::async_trait;

use super::BackendError;
use crate::values::{JobId, TotalMinutes};

/// Compares every job's total with the sum of its entries.
///
/// An implementation owes: one consistent view of the whole ledger, taken while others write; the drifts in it, whatever
/// brought them about.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TotalsAudit: Send + Sync {
    /// Looks at every job.
    async fn audit(&self) -> Result<TotalsReport, BackendError>;
}

/// What an audit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsReport {
    /// How many jobs were looked at.
    pub jobs: u64,
    /// How many entries they have.
    pub time_entries: u64,
    /// The jobs whose total is not the sum, by id, at most [`TotalsReport::MOST_DRIFTS`]. None, if all is well.
    pub drifts: Vec<Drift>,
}

impl TotalsReport {
    /// The most drifts one report names.
    pub const MOST_DRIFTS: usize = 100;
}

/// A job whose total is not the sum of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// The job.
    pub job: JobId,
    /// What its `total_minutes` says.
    pub recorded: TotalMinutes,
    /// What its entries sum to.
    pub summed: TotalMinutes,
}
