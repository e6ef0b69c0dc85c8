//! The handle that callers use.

use std::sync::Arc;
use std::time::Instant;

use stint_domain::{BackendError, BackendErrorKind};
use tokio::sync::oneshot;
use tokio::task::spawn;

use super::group::{Group, GroupLimits};
use super::metrics::QueueMetrics;
use super::queue::{Caller, Shared, Start, error};
use super::watch::Watch;
use super::worker::Worker;

/// A queue of commands and the workers that empty it. Clones share both.
pub(crate) struct Coalescer<G: Group>(pub(super) Arc<Shared<G>>);

impl<G: Group> Clone for Coalescer<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: Group> Coalescer<G> {
    pub(crate) fn new(group: G, limits: GroupLimits) -> Self {
        Self(Arc::new(Shared::new(group, limits)))
    }

    pub(crate) fn metrics(&self) -> &QueueMetrics {
        &self.0.metrics
    }

    /// Returns the outcome of `command` once its group is done.
    pub(crate) async fn submit(&self, command: G::Command) -> Result<G::Outcome, BackendError> {
        let (answer, outcome) = oneshot::channel();
        match self.0.enqueue(Caller { command, answer, since: Instant::now() })? {
            Start::Nothing => {}
            Start::Worker => Worker::start(&self.0),
            Start::Watch(after) => drop(spawn(Watch { shared: Arc::clone(&self.0), armed: true }.keep(after))),
        }
        // Only a panic in the group leaves a caller without an answer.
        outcome.await.unwrap_or_else(|_dropped| Err(error::<G>(BackendErrorKind::Internal, "the group was given up")))
    }
}
