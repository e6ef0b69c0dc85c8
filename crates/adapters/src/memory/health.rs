//! Memory is always reachable and has no schema.

use async_trait::async_trait;
use stint_domain::{HealthCheck, NotReady};

use super::Memory;

#[async_trait]
impl HealthCheck for Memory {
    async fn check(&self) -> Result<(), NotReady> {
        Ok(())
    }
}
