//! The time entry: minutes worked on one date for one job.

use crate::ledger::{Minutes, WorkSummary};
use crate::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};

/// Minutes worked on one date for one job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeEntry {
    /// Chosen by the caller, or a new `UUIDv7`.
    pub id: TimeEntryId,
    /// The job whose total includes these minutes.
    pub related_job: JobId,
    /// At most one day.
    pub minutes_worked: Minutes,
    /// The date of the work, without a time zone.
    pub date_stamp: DateStamp,
    /// A description of the work.
    pub work_summary: WorkSummary,
    /// The subject of the token that logged it. Never changes.
    pub created_by: Subject,
    /// Grows with every change.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time of its last change.
    pub updated_at: Timestamp,
}
