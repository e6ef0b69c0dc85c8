//! Workers, which carry out groups.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt;
use tokio::runtime::Handle;
use tokio::task::{spawn, spawn_blocking, yield_now};

use super::group::{Group, Workers};
use super::queue::{Shared, UnderWay};

/// A worker that is counted. It exists before it starts, because on a runtime that is shutting down it never does.
pub(super) struct Worker<G: Group> {
    shared: Arc<Shared<G>>,
    counted: bool,
    /// The group that it works on.
    under_way: Option<UnderWay>,
}

impl<G: Group> Worker<G> {
    /// Starts a worker that is counted already.
    pub(super) fn start(shared: &Arc<Shared<G>>) {
        let worker = Self { shared: Arc::clone(shared), counted: true, under_way: None };
        match (G::WORKERS, &shared.home) {
            (Workers::Threads, _) => drop(spawn_blocking(move || Handle::current().block_on(worker.work()))),
            (Workers::Tasks, Some(home)) => drop(home.spawn(worker.work())),
            (Workers::Tasks, None) => drop(spawn(worker.work())),
            (Workers::OwnTasks, _) => drop(spawn(async move {
                yield_now().await;
                worker.work().await;
            })),
        }
    }

    /// Carries out groups until no command waits that this worker should take.
    async fn work(mut self) {
        while let Some((group, under_way)) = self.shared.next_group(self.under_way.take()) {
            self.under_way = Some(under_way);
            let part = group.into_iter().map(|caller| (caller.command, caller.answer)).unzip();
            // When a group panics, its callers get an error, and waiting callers are not affected.
            let _panic = AssertUnwindSafe(self.shared.answer(part)).catch_unwind().await;
        }
        self.counted = false;
    }
}

impl<G: Group> Drop for Worker<G> {
    fn drop(&mut self) {
        if self.counted {
            self.shared.leave(self.under_way);
        }
    }
}
