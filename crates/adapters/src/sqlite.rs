//! The embedded backend: the whole ledger in one file, through Diesel and a SQLite that is compiled in.
//!
//! # One writer, several readers
//!
//! SQLite lets one connection write at a time. So a handle has one connection for writes, for which callers queue in
//! [`Blocking`], in order and without polling a lock; and several that only read, one of them for health checks alone. The file is in WAL mode: readers see
//! the last committed write and neither wait for the writer nor hold it up. A write takes SQLite's own lock when it
//! starts (`BEGIN IMMEDIATE`), so what it reads stays true until it commits, and the code reads as if it were alone.
//!
//! Other processes may use the same file on the same machine, as `stint token create` does beside `stint serve`. They
//! meet at SQLite's lock, for which a write waits up to [`SqliteSettings::busy_timeout`].
//!
//! Connections that the file failed (it, its folder or its disk could not be written) are replaced at their next use
//! ([`session`]), so that nothing has to be started again when that is mended. A file that is removed or replaced while
//! it is open is noticed by the next write ([`identity`]).
//!
//! # Durability
//!
//! A write is answered when it is on the disk (`synchronous = FULL`): it survives a killed process and a loss of power,
//! as far as the disk keeps its word. Beside the file lie `-wal` and `-shm`, which belong to it while it is in use:
//! copy a live database with `sqlite3 <file> ".backup <copy>"` or `VACUUM INTO`, never with `cp`.
//!
//! Network file systems are no place for the file: their locks are not dependable, and WAL needs memory that all its
//! users share, which those on two machines do not.
//!
//! # Deliberately absent
//!
//! `:memory:`, because each connection would see a database of its own (`crate::memory` is for tests), and URLs with
//! SQLite's own parameters, because what is in force is decided here.

mod access;
mod background;
mod capture;
mod connection;
mod error;
mod file;
mod health;
mod identity;
mod keyset;
mod ledger;
mod migrator;
#[cfg(test)]
mod query_plan;
mod rows;
mod schema;
mod session;
mod settings;
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
use crate::blocking::{Blocking, QueueLimits};
use crate::migrations::Migrator;
use crate::tried::Tried;

/// A ledger in a file. Clones share its connections.
#[derive(Clone)]
pub struct Sqlite {
    writer: Blocking<Sessions>,
    readers: Blocking<Sessions>,
    /// One connection for health checks, which must not queue behind requests.
    aside: Blocking<Sessions>,
    health_timeout: Duration,
    /// Whether a write would work.
    tried: Tried,
}

impl Sqlite {
    /// Opens the file, and creates it and its folder when they are missing: the file for its owner's eyes alone (mode
    /// 0600), without a schema, which is the [migrator](Self::migrator)'s business.
    ///
    /// Blocks while it reads the disk. Fails with the path in the error, when that cannot be opened or is no database.
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

    /// Brings the schema up or down, and tells whether it fits.
    pub fn migrator(&self) -> Migrator {
        Migrator::new::<Dialect>(self.writer.clone())
    }

    /// Shows the gauges of the readers as `database_pool_...` and those of the one writer as `database_writer_pool_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.readers.metrics().register(registry);
        self.writer.metrics().register_as("database_writer_pool", registry);
    }

    /// Runs `work` in a transaction of its own, alone.
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

    /// Runs `work`, one statement or one [`transaction::read`], beside others.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut SqliteConnection) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.readers.run(|session| work(session.connection()?)).await
    }
}

/// A pool of places for connections, each made when it is first needed.
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
