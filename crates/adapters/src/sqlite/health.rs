//! Whether the file can be read and its schema fits.

use async_trait::async_trait;
use stint_domain::ports::{BackendError, BackendErrorKind, HealthCheck, NotReady};
use tokio::time::timeout;

use super::Sqlite;
use super::error::BACKEND;
use super::migrator::Dialect;
use crate::migrations::Migrator;

/// Asks a connection of its own, so that neither long reads nor a long write make the service look unwell.
#[async_trait]
impl HealthCheck for Sqlite {
    async fn check(&self) -> Result<(), NotReady> {
        let migrator = Migrator::new::<Dialect>(self.aside.clone());
        match timeout(self.health_timeout, migrator.check()).await {
            Ok(checked) => checked.map(drop),
            Err(elapsed) => Err(BackendError::new(BACKEND, BackendErrorKind::Timeout, elapsed).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;
    use crate::blocking::Blocking;
    use crate::sqlite::SqliteSettings;
    use crate::sqlite::connection::ConnectionManager;

    /// Takes a connection until the sender is dropped.
    async fn occupy(pool: &Blocking<ConnectionManager>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (report, occupied) = oneshot::channel();
        let pool = pool.clone();
        tokio::spawn(async move {
            let work = move |_: &mut _| -> Result<(), BackendError> {
                report.send(()).unwrap();
                let _hung_up = released.recv();
                Ok(())
            };
            pool.run(work).await
        });
        occupied.await.unwrap();
        release
    }

    #[tokio::test]
    async fn who_is_busy_is_not_unwell_and_who_does_not_answer_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("stint.db");
        let health_timeout = Duration::from_millis(500);
        let settings = SqliteSettings { readers: 1, health_timeout, ..SqliteSettings::new(path) };
        let sqlite = Sqlite::open(&settings).unwrap();
        sqlite.migrator().up().await.unwrap();
        let _busy = (occupy(&sqlite.readers).await, occupy(&sqlite.writer).await);
        sqlite.check().await.unwrap();

        let _stuck = occupy(&sqlite.aside).await;
        let Err(NotReady::Backend(error)) = sqlite.check().await else { panic!("it should not wait for long") };
        assert_eq!(error.kind, BackendErrorKind::Timeout);
    }
}
