//! Sees to those who wait behind a group that gets stuck when nobody comes after them.
//!
//! A caller that comes while a group seems to be stuck starts a spare worker. One that came a moment earlier waits, and
//! would wait for as long as the group is stuck. So whoever has to wait arms the queue's watch: a task with a timer, one
//! per queue at most, that ends when nothing waits. A queue that has no spare workers has no watch, and an idle one none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{Group, Shared, State, Worker};

/// No timer is finer than this, and a group is stuck after more than its time.
const TICK: Duration = Duration::from_millis(1);

/// A watch that is armed, from before its task starts: on a runtime that is shutting down it never does.
pub(super) struct Watch<G: Group> {
    pub(super) shared: Arc<Shared<G>>,
    pub(super) armed: bool,
}

impl<G: Group> Watch<G> {
    /// Looks again and again, first `after` that, until nothing waits. It sleeps before it looks: under load what waits is
    /// taken soon, and a watch that ended then would have to be armed anew for every group.
    pub(super) async fn keep(mut self, mut after: Duration) {
        loop {
            sleep(after).await;
            let Some(Look { start, again_after }) = self.shared.look(Instant::now()) else { break };
            if start {
                Worker::start(&self.shared);
            }
            after = again_after;
        }
        self.armed = false;
    }
}

impl<G: Group> Drop for Watch<G> {
    fn drop(&mut self) {
        if self.armed {
            self.shared.state().watched = false;
        }
    }
}

/// What a watch has seen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether a worker has to be started, which is counted already.
    pub(super) start: bool,
    pub(super) again_after: Duration,
}

impl<G: Group> Shared<G> {
    /// What to do about those who wait; the watch is over when nobody does.
    pub(super) fn look(&self, now: Instant) -> Option<Look> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.watched = false;
            return None;
        }
        let stuck_after = self.limits.stuck_after;
        let start = state.at_work(now, stuck_after) < self.limits.workers
            && state.workers < self.limits.most_workers()
            && state.waits_for_a_worker();
        state.workers += usize::from(start);
        Some(Look { start, again_after: state.until_stuck(now, stuck_after) })
    }
}

impl<G: Group> State<G> {
    /// Whether something waits that a worker could take: not for a lane that is under way.
    fn waits_for_a_worker(&self) -> bool {
        self.waiting.iter().any(|caller| !self.is_under_way(G::lane(&caller.command)))
    }

    /// How long it takes until the next group seems to be stuck.
    pub(super) fn until_stuck(&self, now: Instant, stuck_after: Duration) -> Duration {
        let left = |since| stuck_after.checked_sub(now.saturating_duration_since(since));
        let next = self.under_way.iter().filter_map(|group| left(group.since)).min();
        next.unwrap_or(stuck_after) + TICK
    }
}
