//! Memory is always there. With a database, ask it: whether it answers, has your tables and takes a write.

use async_trait::async_trait;
use stint_domain::{HealthCheck, NotReady};

use crate::Store;

#[async_trait]
impl HealthCheck for Store {
    async fn check(&self) -> Result<(), NotReady> {
        Ok(())
    }
}
