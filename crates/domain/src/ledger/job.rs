//! The job: what time is logged on.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::ledger::{JobName, TotalMinutes};
use crate::values::{JobId, Timestamp, Version};

/// What time is logged on. `total_minutes` equals the sum of its entries' minutes at every moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Which job.
    pub id: JobId,
    /// What people call it.
    pub name: JobName,
    /// Whether it takes time.
    pub status: JobStatus,
    /// The sum over its entries.
    pub total_minutes: TotalMinutes,
    /// Grows with every change, of the total too.
    pub version: Version,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed, its total included.
    pub updated_at: Timestamp,
}

impl Job {
    /// A job as it is right after its creation at `at`.
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

/// Whether a job takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum JobStatus {
    /// Takes new entries and edits.
    #[default]
    Open,
    /// Takes no new time and no edits of its entries until it is opened again.
    Archived,
}

/// Text that names no status.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be `open` or `archived`")]
pub struct JobStatusError;

impl JobStatus {
    /// The word for it, in JSON and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Archived => "archived",
        }
    }
}

impl fmt::Display for JobStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JobStatus {
    type Err = JobStatusError;

    fn from_str(text: &str) -> Result<Self, JobStatusError> {
        match text {
            "open" => Ok(Self::Open),
            "archived" => Ok(Self::Archived),
            _ => Err(JobStatusError),
        }
    }
}
