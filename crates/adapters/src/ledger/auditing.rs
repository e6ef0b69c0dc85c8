//! An audit of totals in steps, the same for every SQL backend.
//!
//! A step looks at some jobs in the order of their ids, all at one moment, and reads the entries of a job that has many
//! in pieces; so every statement is short, and nobody waits for more than one of them when the audit is to end. How a
//! step is read is the backend's business.

use stint_domain::ledger::ports::totals::{Drift, TotalsReport};
use stint_domain::values::JobId;
use uuid::Uuid;

/// The most jobs of one step.
pub(crate) const JOBS: u32 = 100;

/// The most entries that one statement adds up for a job.
pub(crate) const PIECE: u32 = 5_000;

/// What a step found.
#[derive(Debug, Default)]
pub(crate) struct Step {
    /// The last job that it looked at; none, when no job was left.
    last: Option<JobId>,
    jobs: u64,
    time_entries: u64,
    drifts: Vec<Drift>,
}

impl Step {
    /// Notes one job.
    pub(crate) fn job(&mut self, drift: Drift, time_entries: u64) {
        self.last = Some(drift.job);
        self.jobs += 1;
        self.time_entries += time_entries;
        if drift.recorded != drift.summed {
            self.drifts.push(drift);
        }
    }

    /// Adds what it found, and tells from which id on the next step looks; none, when this was the last.
    pub(crate) fn add_to(self, report: &mut TotalsReport) -> Option<Uuid> {
        report.jobs += self.jobs;
        report.time_entries += self.time_entries;
        let room = TotalsReport::MOST_DRIFTS - report.drifts.len();
        report.drifts.extend(self.drifts.into_iter().take(room));
        self.last?.as_uuid().as_u128().checked_add(1).map(Uuid::from_u128)
    }
}

/// Why a step ended before its time.
#[derive(Debug, thiserror::Error)]
#[error("nobody waits for the audit any more")]
pub(crate) struct GivenUp;
