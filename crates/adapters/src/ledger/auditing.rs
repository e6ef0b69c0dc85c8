//! An audit of totals in steps, the same for every SQL backend.
//!
//! A step reads some jobs in the order of their ids, all as of one moment. The entries of a job that has many are
//! read in pieces. So every statement is short, and when an audit has to end, it does so after the current statement.
//! The backend reads the rows.

use stint_domain::ledger::ports::totals::{Drift, TotalsReport};
use stint_domain::values::JobId;
use uuid::Uuid;

/// The most jobs in one step.
pub(crate) const JOBS: u32 = 100;

/// The most entries that one statement adds up for a job.
pub(crate) const PIECE: u32 = 5_000;

/// The result of a step.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// The last job that was read; `None` when no job was left.
    last: Option<JobId>,
    jobs: u64,
    time_entries: u64,
    drifts: Vec<Drift>,
}

impl Step {
    /// Adds one job.
    pub(crate) fn job(&mut self, drift: Drift, time_entries: u64) {
        self.last = Some(drift.job);
        self.jobs += 1;
        self.time_entries += time_entries;
        if drift.recorded != drift.summed {
            self.drifts.push(drift);
        }
    }

    /// Adds the step to the report, and returns the id from which the next step reads; `None` after the last step.
    pub(crate) fn add_to(self, report: &mut TotalsReport) -> Option<Uuid> {
        report.jobs += self.jobs;
        report.time_entries += self.time_entries;
        let room = TotalsReport::MOST_DRIFTS - report.drifts.len();
        report.drifts.extend(self.drifts.into_iter().take(room));
        self.last?.as_uuid().as_u128().checked_add(1).map(Uuid::from_u128)
    }
}

/// A step was stopped because its caller is gone.
#[derive(Debug, thiserror::Error)]
#[error("the caller of the audit is gone")]
pub(crate) struct GivenUp;
