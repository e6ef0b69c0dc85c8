//! Starts a spare worker for callers that wait behind a stuck group when no further caller comes.
//!
//! A caller that comes while a group seems stuck starts a spare worker. A caller that came a moment earlier would
//! wait as long as the group is stuck. So each caller that has to wait arms the queue's watch: a task with a timer,
//! at most one per queue, which ends when nothing waits. A queue without spare workers never has a watch, and an idle
//! queue has none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::group::Group;
use super::queue::{Look, Shared};
use super::worker::Worker;

/// An armed watch. It exists before its task starts, because on a runtime that is shutting down the task never
/// starts.
pub(super) struct Watch<G: Group> {
    pub(super) shared: Arc<Shared<G>>,
    pub(super) armed: bool,
}

impl<G: Group> Watch<G> {
    /// Looks again and again until nothing waits, for the first time after `after`. It sleeps before it looks: under
    /// load, waiting commands are taken soon, and a watch that ended at once would have to be armed again for every
    /// group.
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
