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
}

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
        Self(Arc::new(How { opened, role, busy_timeout }))
    }
}

impl Session {
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
        Ok(written)
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
        Ok(Session { how: Arc::clone(&self.0), connection: None, spent: Arc::default() })
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
