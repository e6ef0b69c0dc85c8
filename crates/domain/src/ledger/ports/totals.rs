//! The port that proves that totals equal sums.

use async_trait::async_trait;

use crate::BackendError;
use crate::ledger::TotalMinutes;
use crate::values::{JobId, Timestamp};

/// Compares every job's total with the sum of its entries.
///
/// Duties of an implementation:
/// - It reads each job's total and entries as of one moment, while others write. Two jobs may be read at different
///   moments.
/// - It finds every drift, whatever caused it.
/// - Its steps are short, so that an audit whose caller is gone ends within seconds.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TotalsAudit: Send + Sync {
    /// Compares the totals of all jobs.
    async fn audit(&self) -> Result<TotalsReport, BackendError>;

    /// Finds the jobs whose `updated_at` is later than `moment`. Every change of an entry also changes its job.
    async fn changed_after(&self, moment: Timestamp) -> Result<ChangedAfter, BackendError>;
}

/// The result of an audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalsReport {
    /// How many jobs were compared.
    pub jobs: u64,
    /// How many entries they have.
    pub time_entries: u64,
    /// The jobs whose total is not the sum, by id, at most [`TotalsReport::MOST_DRIFTS`]. Empty when all totals are
    /// right.
    pub drifts: Vec<Drift>,
}

impl TotalsReport {
    /// The most drifts in one report.
    pub const MOST_DRIFTS: usize = 100;
}

/// A job whose total is not the sum of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// The job.
    pub job: JobId,
    /// The job's `total_minutes`.
    pub recorded: TotalMinutes,
    /// The sum of its entries' minutes.
    pub summed: TotalMinutes,
}

/// Jobs that were changed after some moment. If that moment is in the future, a clock was fast when they were
/// changed. As `updated_at` never goes back, they keep it until that time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ChangedAfter {
    /// How many jobs.
    pub jobs: u64,
    /// The latest of their `updated_at`; `None` when there is no such job.
    pub latest: Option<Timestamp>,
}

impl ChangedAfter {
    /// One minute after `now`. Well-set clocks differ by no more than that.
    pub fn tolerated(now: Timestamp) -> Timestamp {
        Timestamp::from_micros(now.as_micros() + 60_000_000).unwrap_or(Timestamp::MAX)
    }
}
