//! Whether the file can be read and written, and its schema fits.

use async_trait::async_trait;
use diesel::connection::SimpleConnection;
use diesel::{QueryResult, SqliteConnection};
use stint_domain::{BackendError, BackendErrorKind, HealthCheck, NotReady};
use tokio::time::timeout;

use super::Sqlite;
use super::connection::wait_for_others;
use super::error::{BACKEND, classify, is_locked};
use super::migrator::Dialect;
use super::session::Session;
use crate::migrations::Migrator;

/// Takes the lock that every write takes, and writes more than the connection keeps in memory. So it needs permission
/// to write the file, and room on the disk. The transaction is undone, and the row with it.
const A_ROW: &str = "
    INSERT INTO idempotency_keys (token_id, key, fingerprint, outcome, created_at)
    VALUES (zeroblob(16), 'a trial', zeroblob(32), hex(zeroblob(65536)), 0)";

/// Uses a connection of its own, so that neither long reads nor a long write make the service seem unhealthy.
#[async_trait]
impl HealthCheck for Sqlite {
    async fn check(&self) -> Result<(), NotReady> {
        let checked = async {
            Migrator::new(Dialect(self.aside.clone())).check().await?;
            self.tried.now_or_lately(self.aside.run(try_a_write)).await.map_err(NotReady::Backend)
        };
        match timeout(self.health_timeout, checked).await {
            Ok(checked) => checked,
            Err(elapsed) => Err(BackendError::new(BACKEND, BackendErrorKind::Timeout, elapsed).into()),
        }
    }
}

/// Begins a write, and undoes it. If another connection is writing, writes work.
fn try_a_write(session: &mut Session) -> Result<(), BackendError> {
    let (patience, connection) = (session.busy_timeout(), session.connection()?);
    let tried = trial(connection).and_then(|()| wait_for_others(connection, patience));
    match tried {
        Err(error) => {
            session.give_up();
            if is_locked(&error) { Ok(()) } else { Err(classify(error)) }
        }
        Ok(()) => Ok(()),
    }
}

fn trial(connection: &mut SqliteConnection) -> QueryResult<()> {
    connection.batch_execute("PRAGMA busy_timeout = 0; BEGIN IMMEDIATE")?;
    connection.batch_execute(A_ROW)?;
    connection.batch_execute("ROLLBACK")
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;
    use crate::blocking::Blocking;
    use crate::sqlite::SqliteSettings;
    use crate::sqlite::session::Sessions;
    use crate::turns::QueueLimits;

    /// Takes a connection until the sender is dropped.
    async fn occupy(pool: &Blocking<Sessions>) -> mpsc::Sender<()> {
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
        let (busy_timeout, queue) =
            (Duration::from_secs(5), QueueLimits { max_waiting: 10, max_wait: Duration::from_secs(5) });
        let settings = SqliteSettings { path, readers: 1, busy_timeout, health_timeout, queue };
        let sqlite = Sqlite::open(&settings).unwrap();
        sqlite.migrator().up().await.unwrap();
        let _busy = (occupy(&sqlite.readers).await, occupy(&sqlite.writer).await);
        sqlite.check().await.unwrap();

        let _stuck = occupy(&sqlite.aside).await;
        let Err(NotReady::Backend(error)) = sqlite.check().await else { panic!("it should not wait for long") };
        assert_eq!(error.kind, BackendErrorKind::Timeout);
    }
}
