//! Readiness that ends before the service does, so that balancers stop sending requests in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};

/// A health check that fails once the service is about to stop.
pub(super) struct Draining {
    inner: Arc<dyn HealthCheck>,
    begun: AtomicBool,
}

impl Draining {
    pub(super) fn new(inner: Arc<dyn HealthCheck>) -> Self {
        Self { inner, begun: AtomicBool::new(false) }
    }

    pub(super) fn begin(&self) {
        self.begun.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl HealthCheck for Draining {
    async fn check(&self) -> Result<(), NotReady> {
        if self.begun.load(Ordering::Relaxed) {
            return Err(BackendError::new("service", BackendErrorKind::Unavailable, "draining").into());
        }
        self.inner.check().await
    }
}
