//! The handle that callers use.

use std::sync::Arc;
use std::time::Instant;

use stint_domain::{BackendError, BackendErrorKind};
use thread_local::ThreadLocal;
use tokio::sync::oneshot;
use tokio::task::spawn;

use super::group::{Group, GroupLimits, Workers};
use super::metrics::QueueMetrics;
use super::queue::{Caller, Shared, Start, error};
use super::watch::Watch;
use super::worker::Worker;

/// Commands that wait, and the workers that carry them out. Clones share both.
pub(crate) struct Coalescer<G: Group>(Arc<Queues<G>>);

/// One queue for the process, or one per thread ([`Workers`]).
struct Queues<G: Group> {
    process: Arc<Shared<G>>,
    threads: ThreadLocal<Arc<Shared<G>>>,
}

impl<G: Group> Clone for Coalescer<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: Group> Coalescer<G> {
    pub(crate) fn new(group: G, limits: GroupLimits) -> Self {
        Self(Arc::new(Queues { process: Arc::new(Shared::new(group, limits)), threads: ThreadLocal::new() }))
    }

    pub(crate) fn metrics(&self) -> &QueueMetrics {
        &self.0.process.metrics
    }

    /// Returns the outcome of `command` once its group is done.
    pub(crate) async fn submit(&self, command: G::Command) -> Result<G::Outcome, BackendError> {
        let (answer, outcome) = oneshot::channel();
        let queue = self.queue();
        match queue.enqueue(Caller { command, answer, since: Instant::now() })? {
            Start::Nothing => {}
            Start::Worker => Worker::start(queue),
            Start::Watch(after) => drop(spawn(Watch { shared: Arc::clone(queue), armed: true }.keep(after))),
        }
        // Only a panic in the group, or the end of its runtime, leaves a caller without an answer.
        outcome.await.unwrap_or_else(|_dropped| Err(error::<G>(BackendErrorKind::Internal, "the group was given up")))
    }

    /// The queue for callers on this thread.
    pub(super) fn queue(&self) -> &Arc<Shared<G>> {
        match G::WORKERS {
            Workers::Threads | Workers::Tasks => &self.0.process,
            Workers::OwnTasks => self.0.threads.get_or(|| Arc::new(self.0.process.for_thread())),
        }
    }
}
