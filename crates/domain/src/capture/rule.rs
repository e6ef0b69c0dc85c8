//! What a capture token's pings count for, and how.

use super::Gap;
use crate::values::{JobId, Zone};

/// What a capture token's pings count for, and how. It is fixed when the token is created, so that what was counted by it
/// can be checked at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureRule {
    /// Which jobs.
    pub target: CaptureTarget,
    /// Whose midnight divides the days.
    pub zone: Zone,
    /// How far apart signals of one span may be.
    pub gap: Gap,
}

/// Which jobs a capture token's pings count for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaptureTarget {
    /// This one.
    Job(JobId),
    /// The one that the ping's project stands for.
    Projects {
        /// Whether a project that stands for none yet gets a new job.
        create: bool,
    },
}
