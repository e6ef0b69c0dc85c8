//! The proof that totals equal sums.

use async_trait::async_trait;

use crate::BackendError;
use crate::ledger::TotalMinutes;
use crate::values::{JobId, Timestamp};

/// Compares every job's total with the sum of its entries.
///
/// An implementation owes: each job's total and its entries as they are at one moment, taken while others write (two
/// jobs may be looked at at two moments); the drifts that there are, whatever brought them about; and steps that are
/// short, so that an audit whose caller goes away ends within seconds.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TotalsAudit: Send + Sync {
    /// Looks at every job.
    async fn audit(&self) -> Result<TotalsReport, BackendError>;

    /// The jobs that were changed later than that, as `updated_at` says. Every change of an entry is one of its job.
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError>;
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

/// Jobs that were changed after some moment. If that is yet to come, a clock was ahead when they were: no `updated_at` goes
/// back, so they keep theirs until the time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangedAfter {
    /// How many jobs.
    pub jobs: u64,
    /// The latest change of all; none, when there is none.
    pub latest: Option<Timestamp>,
}

impl ChangedAfter {
    /// A minute after `now`: as far as that, clocks that are set right may differ.
    pub fn tolerated(now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros() + 60_000_000).unwrap_or(Timestamp::MAX)
    }
}
