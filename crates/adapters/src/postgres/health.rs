//! Whether Postgres answers, its schema fits, and a write would work.

use async_trait::async_trait;
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, SimpleAsyncConnection, TransactionManager};
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};
use tokio::time::timeout;

use super::Postgres;
use super::attempt::{Failure, Repeat};
use super::error::BACKEND;

/// What every write needs: a transaction number, and the permission to change the tables. No row is touched.
const A_WRITE: &str = "
    SELECT txid_current();
    INSERT INTO time_entries SELECT * FROM time_entries WHERE false;
    DELETE FROM time_entries WHERE false;
    UPDATE jobs SET version = version WHERE false";

#[async_trait]
impl HealthCheck for Postgres {
    async fn check(&self) -> Result<(), NotReady> {
        let checked = async {
            self.migrator().check().await?;
            let trial = self.aside.run(Repeat::Reads, (), |connection, ()| Box::pin(try_a_write(connection)));
            self.tried.now_or_lately(trial).await.map_err(NotReady::Backend)
        };
        match timeout(self.health_timeout, checked).await {
            Ok(checked) => checked,
            Err(elapsed) => Err(BackendError::new(BACKEND, BackendErrorKind::Timeout, elapsed).into()),
        }
    }
}

/// Begins a write, and undoes it.
async fn try_a_write(connection: &mut AsyncPgConnection) -> Result<(), Failure<BackendError>> {
    AnsiTransactionManager::begin_transaction(connection).await.map_err(Failure::Undone)?;
    let tried = connection.batch_execute(A_WRITE).await;
    // If this fails, the connection is broken, and the session notices that.
    let _ = AnsiTransactionManager::rollback_transaction(connection).await;
    tried.map_err(Failure::Undone)
}
