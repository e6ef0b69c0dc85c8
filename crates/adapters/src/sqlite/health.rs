//! Whether the file can be read and its schema fits.

use async_trait::async_trait;
use stint_domain::ports::{HealthCheck, NotReady};

use super::Sqlite;
use super::migrator::Dialect;
use crate::migrations::Migrator;

/// Asks a reader, so that a long write does not make the service look unwell.
#[async_trait]
impl HealthCheck for Sqlite {
    async fn check(&self) -> Result<(), NotReady> {
        Migrator::new::<Dialect>(self.readers.clone()).check().await.map(drop)
    }
}
