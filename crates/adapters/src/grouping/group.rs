//! What is grouped, how it fails, and how much of it at once.

use std::time::Duration;

use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

/// Carries out commands of one kind together.
pub(crate) trait Group: Send + Sync + 'static {
    /// What callers want done.
    type Command: Send + 'static;
    /// What a caller gets, refusals included.
    type Outcome: Send + 'static;

    /// The backend that errors name.
    const BACKEND: &'static str;

    /// How much of a group's bound the command takes up: the rows that it writes or shows, say.
    fn weight(_command: &Self::Command) -> usize {
        1
    }

    /// How much of the queue's bound it takes up: the rows that it holds while it waits.
    fn room(_command: &Self::Command) -> usize {
        1
    }

    /// Which commands it stays among, if not among all that have no lane.
    fn lane(_command: &Self::Command) -> Option<Uuid> {
        None
    }

    /// Carries out all commands, in order where the order matters, and gives one outcome for each. Blocks.
    fn carry_out(&self, commands: &[Self::Command]) -> Result<Vec<Self::Outcome>, GroupError>;
}

/// A group that has no outcomes.
#[derive(Debug, Clone)]
pub(crate) enum GroupError {
    /// Nothing of it was done.
    Undone(BackendError),
    /// Nothing of it was done, because others came in between each time: a part of it may get through.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "nobody comes in between on SQLite"))]
    Overtaken(BackendError),
    /// Nobody knows whether it was done.
    Unknown(BackendError),
}

impl GroupError {
    /// What the callers are told.
    pub(crate) fn into_error(self) -> BackendError {
        let (Self::Undone(error) | Self::Overtaken(error) | Self::Unknown(error)) = self;
        error
    }

    /// Whether a part of the group may fare better.
    pub(super) fn may_be_a_parts(&self) -> bool {
        match self {
            Self::Undone(error) => error.kind != BackendErrorKind::Unavailable,
            Self::Overtaken(_) => true,
            Self::Unknown(_) => false,
        }
    }
}

/// How many and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// The most groups under way at the same time.
    pub workers: usize,
    /// How many more when these seem to be stuck, or when one more whole group waits (as much room as a group weighs).
    pub spare_workers: usize,
    /// How long a group is under way that seems to be stuck: many times what one takes.
    pub stuck_after: Duration,
    /// The most that a group weighs; a command that weighs more by itself goes alone.
    pub group_weight: usize,
    /// The most room that what waits takes up; the next caller is refused at once. What takes more by itself may wait
    /// when nothing else does.
    pub max_waiting: usize,
    /// How long the parts of a group that failed are split further.
    pub split_for: Duration,
}

impl GroupLimits {
    pub(super) const fn most_workers(&self) -> usize {
        self.workers + self.spare_workers
    }

    /// Whether a group that gets stuck is a reason to start a worker.
    pub(super) fn has_a_watch(&self) -> bool {
        self.spare_workers > 0 && self.stuck_after < Duration::MAX
    }
}
