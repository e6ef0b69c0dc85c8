//! What is grouped, how a group fails, and the limits on groups.

use std::time::Duration;

use stint_domain::{BackendError, BackendErrorKind};
use uuid::Uuid;

/// Who carries out groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    not(all(feature = "postgres", any(feature = "redis", feature = "sqlite"))),
    allow(dead_code, reason = "each backend has workers of its own kind")
)]
pub(crate) enum Workers {
    /// Threads that may block. The process has one queue.
    Threads,
    /// Tasks of the runtime in which the queue was made. The process has one queue.
    Tasks,
    /// Tasks of the runtime in which the caller runs. Each thread has a queue, so that no command and no outcome
    /// crosses threads. A worker lets everybody else on its thread run once before it takes the first group, and so
    /// gathers all that came in one turn of the event loop.
    OwnTasks,
}

/// Carries out commands of one kind together.
pub(crate) trait Group: Send + Sync + 'static {
    /// The callers' commands.
    type Command: Send + Sync + 'static;
    /// What a command did, including a refusal.
    type Outcome: Send + 'static;

    /// The backend's name, for errors.
    const BACKEND: &'static str;

    /// Who carries out the groups.
    const WORKERS: Workers;

    /// How much of a group's bound the command takes up: for example the rows that it writes or shows.
    fn weight(_command: &Self::Command) -> usize {
        1
    }

    /// How much of the queue's bound the command takes up: the rows that it holds in memory while it waits.
    fn room(command: &Self::Command) -> usize {
        Self::weight(command)
    }

    /// The lane that the command belongs to, if any.
    fn lane(_command: &Self::Command) -> Option<Uuid> {
        None
    }

    /// Carries out all commands, in order where the order matters, and returns one outcome for each. It may block only
    /// if [`Self::WORKERS`] are threads.
    fn carry_out(
        &self,
        commands: &[Self::Command],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, GroupError>> + Send;
}

/// The failure of a whole group.
#[derive(Debug, Clone)]
pub(crate) enum GroupError {
    /// Nothing of it was done.
    Undone(BackendError),
    /// Nothing of it was done, because other writers came first at every try. A part of the group may succeed.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "nobody comes in between on SQLite"))]
    Overtaken(BackendError),
    /// It is not known whether it was done.
    Unknown(BackendError),
}

impl GroupError {
    /// The callers' error.
    pub(crate) fn into_error(self) -> BackendError {
        let (Self::Undone(error) | Self::Overtaken(error) | Self::Unknown(error)) = self;
        error
    }

    /// Whether a part of the group may succeed.
    pub(super) fn may_be_a_parts(&self) -> bool {
        match self {
            Self::Undone(error) => error.kind != BackendErrorKind::Unavailable,
            Self::Overtaken(_) => true,
            Self::Unknown(_) => false,
        }
    }
}

/// Limits on groups and on their queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// The most groups that run at the same time, per queue.
    pub workers: usize,
    /// How many more may run when those seem stuck, or when another whole group waits (commands with as much room as
    /// a group's weight).
    pub spare_workers: usize,
    /// How long a group runs before it seems stuck: many times the usual time.
    pub stuck_after: Duration,
    /// The greatest weight of a group. A command that weighs more by itself is a group of its own.
    pub group_weight: usize,
    /// The most room that waiting commands take up. Any further caller is refused at once. A command that takes more
    /// by itself may wait when nothing else does.
    pub max_waiting: usize,
    /// How long the parts of a failed group are split further.
    pub split_for: Duration,
}

impl GroupLimits {
    pub(crate) const fn most_workers(&self) -> usize {
        self.workers + self.spare_workers
    }

    /// Whether a stuck group is a reason to start a worker.
    pub(super) fn has_a_watch(&self) -> bool {
        self.spare_workers > 0 && self.stuck_after < Duration::MAX
    }
}
