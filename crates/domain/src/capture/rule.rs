//! The rule of a capture token: which jobs its pings count for, and how.

use super::Gap;
use crate::values::{JobId, Zone};

/// Which jobs a capture token's pings count for, and how. It is fixed when the token is created, so that counted time
/// can be checked later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureRule {
    /// The jobs.
    pub target: CaptureTarget,
    /// The time zone whose midnight divides the days.
    pub zone: Zone,
    /// How far apart two pings of one span of work may be.
    pub gap: Gap,
}

/// Which jobs a capture token's pings count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTarget {
    /// One fixed job.
    Job(JobId),
    /// The job of each ping's project.
    Projects {
        /// Whether a project without a job gets a new one.
        create: bool,
    },
}
