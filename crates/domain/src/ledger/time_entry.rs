//! The time entry: minutes worked on one date for one job.

use crate::ledger::{Minutes, WorkSummary};
use crate::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};

/// Minutes worked on one date for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeEntry {
    /// Which entry.
    pub id: TimeEntryId,
    /// The job whose total these minutes are part of.
    pub related_job: JobId,
    /// How long.
    pub minutes_worked: Minutes,
    /// On which date.
    pub date_stamp: DateStamp,
    /// What was done.
    pub work_summary: WorkSummary,
    /// Who logged it: the subject of the token that did.
    pub created_by: Subject,
    /// Grows with every change.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}
