//! Workers, which carry out groups.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::task::spawn_blocking;

use super::group::Group;
use super::queue::Shared;

/// A worker that is counted. It exists before its thread starts, because on a runtime that is shutting down the
/// thread never starts.
pub(super) struct Worker<G: Group> {
    shared: Arc<Shared<G>>,
    counted: bool,
}

impl<G: Group> Worker<G> {
    /// Starts a worker that is counted already.
    pub(super) fn start(shared: &Arc<Shared<G>>) {
        let worker = Self { shared: Arc::clone(shared), counted: true };
        spawn_blocking(move || worker.work());
    }

    /// Carries out groups until no command waits that this worker should take.
    fn work(mut self) {
        let mut done = None;
        while let Some((group, under_way)) = self.shared.next_group(done) {
            done = Some(under_way);
            let part = group.into_iter().map(|caller| (caller.command, caller.answer)).unzip();
            // When a group panics, its callers get an error, and waiting callers are not affected.
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
