//! A place in the pool and its connection, which is opened when it is first needed and again after the file failed.
//!
//! SQLite opens a file that it may not write as read-only, and says so only at the first write; the connection then
//! stays read-only, even when the file becomes writable. So a connection that failed in such a way ([`is_spent`]) is
//! replaced at its next use.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::r2d2::R2D2Connection;
use diesel::{Connection, SqliteConnection};
use r2d2::ManageConnection;
use stint_domain::BackendError;
use tokio::runtime::Handle;
use tokio::sync;

use super::checkpoint::{self, Log};
use super::connection::{Role, open};
use super::error::is_spent;
use super::identity::Identity;
use super::transaction;

/// An open file.
pub(super) struct Opened {
    path: String,
    identity: Identity,
    /// Never used, and closed last: SQLite removes the write-ahead log with the last connection, and all others may
    /// be replaced.
    _anchor: Mutex<SqliteConnection>,
}

/// Makes sessions.
pub(super) struct Sessions(Arc<How>);

struct How {
    opened: Arc<Opened>,
    role: Role,
    busy_timeout: Duration,
    copying: Option<Copying>,
}

/// A writer's help: copies the log into the file, one step at a time. Locked during a step.
type Copying = Arc<sync::Mutex<Session>>;

/// A place in the pool.
pub(super) struct Session {
    how: Arc<How>,
    connection: Option<SqliteConnection>,
    spent: Arc<AtomicBool>,
}

/// Watches how each statement ends.
struct Watch(Arc<AtomicBool>);

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = event
            && is_spent(error)
        {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

impl Opened {
    /// Opens the file at `path`, which is absolute, as a writer. That sets the journal mode, which is stored in the
    /// file.
    pub(super) fn at(path: String, busy_timeout: Duration) -> Result<Self, BackendError> {
        let anchor = open(&path, Role::Writer, busy_timeout)?;
        Ok(Self { identity: Identity::of(&path), path, _anchor: Mutex::new(anchor) })
    }
}

impl Sessions {
    /// Sessions on the opened file, as long as its path still leads to it.
    pub(super) fn new(opened: Arc<Opened>, role: Role, busy_timeout: Duration) -> Self {
        let copying = (role == Role::Writer).then(|| {
            let how = How { opened: Arc::clone(&opened), role: Role::Copier, busy_timeout, copying: None };
            Arc::new(sync::Mutex::new(Session::new(Arc::new(how))))
        });
        Self(Arc::new(How { opened, role, busy_timeout, copying }))
    }
}

impl Session {
    fn new(how: Arc<How>) -> Self {
        Self { how, connection: None, spent: Arc::default() }
    }

    /// The connection. It is opened now if there is none, or if the last one must be replaced.
    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection, BackendError> {
        if self.spent.swap(false, Ordering::Relaxed) {
            self.connection = None;
        }
        // A reader that goes on would read the old file; new connections, writes and health checks must notice.
        if self.connection.is_none() || self.how.role != Role::Reader {
            self.how.opened.identity.check()?;
        }
        let connection = if let Some(connection) = self.connection.take() {
            connection
        } else {
            let connection = self.how.open(&self.spent)?;
            // Another file may have taken its place between the check and the opening.
            self.how.opened.identity.check()?;
            connection
        };
        Ok(self.connection.insert(connection))
    }

    /// Carries out `work` as [`transaction::write`] does.
    pub(super) fn write<T, E: From<BackendError>>(
        &mut self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let written = transaction::write(self.connection()?, work)?;
        self.how.opened.identity.check_after_write()?;
        self.keep_log_short();
        Ok(written)
    }

    /// Lets a step begin if one is due. What fails here fails no write: it is committed, and the next one tries again.
    fn keep_log_short(&mut self) {
        let (Some(connection), Some(copying)) = (&mut self.connection, &self.how.copying) else { return };
        if checkpoint::is_due_after_write(connection).unwrap_or(false)
            && let Ok(mut copier) = Arc::clone(copying).try_lock_owned()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn_blocking(move || copier.connection().map(Log::copy));
        }
    }

    /// Gives up the connection, because its state is not what the next user expects.
    pub(super) fn give_up(&mut self) {
        self.connection = None;
    }

    /// How long its connection waits for others.
    pub(super) fn busy_timeout(&self) -> Duration {
        self.how.busy_timeout
    }
}

impl How {
    fn open(&self, spent: &Arc<AtomicBool>) -> Result<SqliteConnection, BackendError> {
        let mut connection = open(&self.opened.path, self.role, self.busy_timeout)?;
        connection.set_instrumentation(Watch(Arc::clone(spent)));
        Ok(connection)
    }
}

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = Infallible;

    fn connect(&self) -> Result<Session, Infallible> {
        Ok(Session::new(Arc::clone(&self.0)))
    }

    /// Not called: a connection to a file does not break by itself.
    fn is_valid(&self, _: &mut Session) -> Result<(), Infallible> {
        Ok(())
    }

    /// Gives up a connection whose transaction could neither be committed nor rolled back, or whose user panicked in
    /// a transaction.
    fn has_broken(&self, session: &mut Session) -> bool {
        std::thread::panicking() || session.connection.as_mut().is_some_and(R2D2Connection::is_broken)
    }
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use tempfile::TempDir;

    use super::*;
    use crate::sqlite::error::classify;
    use crate::sqlite::file;

    /// A writer, and what keeps its log short.
    fn writer(folder: &TempDir) -> (Session, Copying) {
        let path = file::create(&folder.path().join("stint.db")).unwrap();
        let opened = Arc::new(Opened::at(path, Duration::from_secs(5)).unwrap());
        let mut session = Sessions::new(opened, Role::Writer, Duration::from_secs(5)).connect().unwrap();
        session.connection().unwrap().batch_execute("CREATE TABLE t (id INTEGER PRIMARY KEY, x)").unwrap();
        let copying = Arc::clone(session.how.copying.as_ref().unwrap());
        (session, copying)
    }

    fn write(session: &mut Session, pages: u32) -> Log {
        let sql = format!("REPLACE INTO t VALUES (1, zeroblob({}))", pages * 4096);
        session.write(|connection| connection.batch_execute(&sql).map_err(classify)).unwrap();
        Log::look(session.connection().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn no_write_waits_until_a_long_log_is_copied() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, copying) = writer(&folder);
        let slow_step = Arc::clone(&copying).lock_owned().await;
        let log = (0..30).map(|_| write(&mut session, 400)).last().unwrap();
        assert!(log.pages > 12_000 && log.copied == 0, "{log:?}");

        drop(slow_step);
        let log = write(&mut session, 1);
        let _after_the_step = copying.lock().await;
        let copied = Log::look(session.connection().unwrap()).unwrap();
        assert_eq!(copied, Log { pages: log.pages, copied: log.pages });
    }

    #[tokio::test]
    async fn the_log_begins_anew_again_and_again() {
        let folder = tempfile::tempdir().unwrap();
        let (mut session, copying) = writer(&folder);
        let mut lengths = Vec::new();
        for _ in 0..200 {
            lengths.push(write(&mut session, 100).pages);
            drop(copying.lock().await);
        }
        assert!(lengths.iter().all(|length| *length < 9_000), "{lengths:?}");
        assert!(!lengths.is_sorted(), "{lengths:?}");
    }
}
