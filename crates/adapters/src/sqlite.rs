//! The embedded backend: the whole ledger in one file, through Diesel and a SQLite that is compiled in.
//!
//! # One writer, several readers
//!
//! SQLite lets one connection write at a time. So a handle has one connection for writes, for which callers queue in
//! [`Blocking`], in order and without polling a lock. It has several more that only read, one of them for health
//! checks, and one that copies the write-ahead log into the file ([`checkpoint`]). The file is in WAL mode: readers see
//! the last committed write; they do not wait for the writer, and the writer does not wait for them. A write takes
//! SQLite's own lock when it starts (`BEGIN IMMEDIATE`), so what it reads stays true until it commits, and its code can
//! ignore other writers.
//!
//! Other processes may use the same file on the same machine, as `stint token create` does beside `stint serve`. They
//! share SQLite's lock, for which a write waits up to [`SqliteSettings::busy_timeout`].
//!
//! A connection on which the file failed (the file, its folder or its disk could not be written) is replaced at its
//! next use ([`session`]), so no restart is needed once the cause is mended. The next write notices when the open
//! file was removed or replaced ([`identity`]).
//!
//! # Durability
//!
//! A write is answered when it is on the disk (`synchronous = FULL`). It survives a killed process and a loss of
//! power, as far as the disk keeps its promises. The files `-wal` and `-shm` beside the database belong to it while
//! it is in use: copy a live database with `sqlite3 <file> ".backup <copy>"` or `VACUUM INTO`, never with `cp`.
//!
//! Do not put the file on a network file system: its locks are not dependable, and WAL needs memory that all users of
//! the file share, which is impossible across machines.
//!
//! # Deliberately absent
//!
//! `:memory:`, because each connection would see a database of its own (`crate::memory` is for tests), and URLs with
//! SQLite's own parameters, because this crate sets what matters.

mod access;
mod background;
mod by_ids;
mod capture;
mod checkpoint;
mod column;
mod connection;
mod error;
mod file;
mod health;
mod identity;
mod ledger;
mod migrator;
mod people;
#[cfg(test)]
mod query_plan;
mod rows;
mod schema;
mod session;
mod settings;
mod sql;
mod timers;
mod transaction;
mod update_row;

use std::sync::Arc;
use std::time::Duration;

use diesel::SqliteConnection;
use prometheus_client::registry::Registry;
use stint_domain::{BackendError, BackendErrorKind};

use self::connection::Role;
use self::error::BACKEND;
use self::migrator::Dialect;
use self::session::{Opened, Sessions};
pub use self::settings::SqliteSettings;
use crate::blocking::Blocking;
use crate::migrations::Migrator;
use crate::tried::Tried;
use crate::turns::QueueLimits;

/// A ledger in a file. Clones share its connections.
#[derive(Clone)]
pub struct Sqlite {
    writer: Blocking<Sessions>,
    readers: Blocking<Sessions>,
    /// One connection for health checks, which must not wait behind requests.
    aside: Blocking<Sessions>,
    health_timeout: Duration,
    /// The result of the last trial write.
    tried: Tried,
}

impl Sqlite {
    /// Opens the file. Creates the file and its folder when they are missing: readable by their owner only (mode
    /// 0600) and without a schema, which the [migrator](Self::migrator) adds.
    ///
    /// Blocks while it reads the disk. Fails, with the path in the error, when the file cannot be opened or is no
    /// database.
    pub fn open(settings: &SqliteSettings) -> Result<Self, BackendError> {
        let path = file::create(&settings.path)?;
        let opened = Arc::new(Opened::at(path, settings.busy_timeout)?);
        let pool = |role, connections| {
            let sessions = Sessions::new(Arc::clone(&opened), role, settings.busy_timeout);
            pool(sessions, connections, settings.queue)
        };
        Ok(Self {
            writer: pool(Role::Writer, 1)?,
            readers: pool(Role::Reader, settings.readers)?,
            aside: pool(Role::Trial, 1)?,
            health_timeout: settings.health_timeout,
            tried: Tried::default(),
        })
    }

    /// Runs and reverts migrations, and checks whether the schema fits.
    pub fn migrator(&self) -> Migrator {
        Migrator::new(Dialect(self.writer.clone()))
    }

    /// Registers the gauges of the readers as `database_pool_...` and those of the one writer as
    /// `database_writer_pool_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.readers.metrics().register(registry);
        self.writer.metrics().register_as("database_writer_pool", registry);
    }

    /// Runs `work` in a transaction of its own, with no other writer.
    async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<BackendError> + Send + 'static,
    {
        self.writer.run(|session| session.write(work)).await
    }

    /// Runs `work`, which is one statement or one [`transaction::read`], beside other work.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.readers.run(|session| work(session.connection()?)).await
    }
}

/// A pool of places for connections. Each connection is opened when it is first needed.
fn pool(sessions: Sessions, connections: u32, queue: QueueLimits) -> Result<Blocking<Sessions>, BackendError> {
    let pool = r2d2::Pool::builder()
        .max_size(connections.max(1))
        .connection_timeout(queue.max_wait)
        .test_on_check_out(false)
        // Connections to a file do not age.
        .max_lifetime(None)
        .idle_timeout(None)
        .build(sessions)
        .map_err(|error| BackendError::new(BACKEND, BackendErrorKind::Unavailable, error))?;
    Ok(Blocking::new(BACKEND, pool, queue))
}
