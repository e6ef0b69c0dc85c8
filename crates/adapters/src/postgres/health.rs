//! Whether Postgres answers and its schema fits.

use async_trait::async_trait;
use stint_domain::ports::{BackendError, BackendErrorKind, HealthCheck, NotReady};
use tokio::time::timeout;

use super::{BACKEND, Postgres};

#[async_trait]
impl HealthCheck for Postgres {
    async fn check(&self) -> Result<(), NotReady> {
        match timeout(self.health_timeout, self.migrator().check()).await {
            Ok(checked) => checked.map(|_| ()),
            Err(elapsed) => Err(BackendError::new(BACKEND, BackendErrorKind::Timeout, elapsed).into()),
        }
    }
}
