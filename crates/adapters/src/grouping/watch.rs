//! Sees to those who wait behind a group that gets stuck when nobody comes after them.
//!
//! A caller that comes while a group seems to be stuck starts a spare worker. One that came a moment earlier waits, and
//! would wait for as long as the group is stuck. So whoever has to wait arms the queue's watch: a task with a timer, one
//! per queue at most, that ends when nothing waits. A queue that has no spare workers has no watch, and an idle one none.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::group::Group;
use super::queue::{Look, Shared};
use super::worker::Worker;

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
