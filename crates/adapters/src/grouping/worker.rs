//! Those who carry out groups.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::group::Group;
use super::queue::Shared;

/// A worker that is counted, from before its thread starts: on a runtime that is shutting down it never does.
pub(super) struct Worker<G: Group> {
    shared: Arc<Shared<G>>,
    counted: bool,
}

impl<G: Group> Worker<G> {
    /// Starts one that is counted already.
    pub(super) fn start(shared: &Arc<Shared<G>>) {
        let worker = Self { shared: Arc::clone(shared), counted: true };
        spawn_blocking(move || worker.work());
    }

    /// Carries out groups until nothing waits that others do not have under way, or do not need help with.
    fn work(mut self) {
        let mut done = None;
        while let Some((group, under_way)) = self.shared.next_group(done) {
            done = Some(under_way);
            let part = group.into_iter().map(|caller| (caller.command, caller.answer)).unzip();
            // The callers of a group that panics lose their answers and are told so; those that wait are not theirs.
            let _panic = catch_unwind(AssertUnwindSafe(|| self.shared.answer(part)));
        }
        self.counted = false;
    }
}

impl<G: Group> Drop for Worker<G> {
    fn drop(&mut self) {
        self.shared.state().workers -= usize::from(self.counted);
    }
}
