//! The job: what time is logged on.

use crate::ledger::{JobName, TotalMinutes};
use crate::values::word::words;
use crate::values::{JobId, Timestamp, Version};

/// What time is logged on. `total_minutes` equals the sum of its entries' minutes at every moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Chosen by the caller, or a new `UUIDv7`.
    pub id: JobId,
    /// The name that people give it. Names need not be unique.
    pub name: JobName,
    /// Whether it accepts time.
    pub status: JobStatus,
    /// The sum of its entries' minutes.
    pub total_minutes: TotalMinutes,
    /// Grows with every change, also of the total.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// The time of its last change, also of the total.
    pub updated_at: Timestamp,
}

impl Job {
    /// A job right after its creation at `at`.
    pub fn new(id: JobId, name: JobName, status: JobStatus, at: Timestamp) -> Self {
        Self {
            id,
            name,
            status,
            total_minutes: TotalMinutes::ZERO,
            version: Version::initial(at),
            created_at: at,
            updated_at: at,
        }
    }
}

words! {
    /// Whether a job accepts time.
    #[derive(Default)]
    JobStatus {
        /// It accepts new entries, and changes of its entries.
        #[default]
        Open = "open",
        /// It accepts no new entries, and no changes of its entries, until it is opened again.
        Archived = "archived",
    }

    JobStatusError = "must be `open` or `archived`"
}
