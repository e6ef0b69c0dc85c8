//! How one connection is opened, and what is in force on it.
//!
//! How many there are and who uses them is not here: the pools are made in the parent module.

use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use stint_domain::ports::{BackendError, BackendErrorKind};
use thiserror::Error;

use super::error::{BACKEND, kind};

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The one connection of a handle that writes.
    Writer,
    /// Reads alone: SQLite refuses anything else on it.
    Reader,
}

/// Opens connections to one file, for a pool.
#[derive(Debug, Clone)]
pub(super) struct ConnectionManager {
    path: String,
    role: Role,
    busy_timeout: Duration,
}

/// Why a connection was not opened.
#[derive(Debug, Error)]
#[error("cannot open the database {path}")]
pub(super) struct OpenError {
    path: String,
    #[source]
    source: Cause,
}

#[derive(Debug, Error)]
enum Cause {
    #[error(transparent)]
    Connect(#[from] diesel::ConnectionError),
    #[error(transparent)]
    Configure(#[from] diesel::result::Error),
    #[error("its journal mode is `{0}` and cannot be changed to `wal`: is it on a network file system?")]
    JournalMode(String),
}

impl From<OpenError> for BackendError {
    fn from(error: OpenError) -> Self {
        let kind = match &error.source {
            Cause::Connect(_) | Cause::JournalMode(_) => BackendErrorKind::Unavailable,
            Cause::Configure(error) => kind(error),
        };
        Self::new(BACKEND, kind, error)
    }
}

impl ConnectionManager {
    /// Opens connections to the file at `path`, which is absolute.
    pub(super) fn new(path: String, role: Role, busy_timeout: Duration) -> Self {
        Self { path, role, busy_timeout }
    }

    fn open(&self) -> Result<SqliteConnection, Cause> {
        let mut connection = SqliteConnection::establish(&self.path)?;
        // First, so that the others wait too. SQLite reads a number that is too large as 0.
        let millis = i32::try_from(self.busy_timeout.as_millis()).unwrap_or(i32::MAX);
        connection.batch_execute(&format!("PRAGMA busy_timeout = {millis}"))?;
        connection.batch_execute(ON_EVERY_CONNECTION)?;
        match self.role {
            Role::Writer => {
                write_ahead(&mut connection, self.busy_timeout)?;
                connection.batch_execute(ON_THE_WRITER)?;
            }
            Role::Reader => connection.batch_execute("PRAGMA query_only = ON")?,
        }
        Ok(connection)
    }
}

/// - `synchronous = FULL`: a commit is on the disk when it is answered, also after a loss of power; `fullfsync` is what
///   that takes on macOS.
/// - `trusted_schema = OFF`: a file from elsewhere cannot run functions with side effects through its schema.
/// - `journal_size_limit`: a large transaction does not leave a large write-ahead log behind for good.
const ON_EVERY_CONNECTION: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = 67108864;
";

/// - `cache_size`: 12 MiB, because each entry changes a page of several indexes. Readers keep the 2 that they have: there
///   are several of them, and the system caches the file once for all.
/// - `wal_autocheckpoint`: after 32 MiB instead of 4. A page that many commits change is copied into the file once.
const ON_THE_WRITER: &str = "PRAGMA cache_size = -12288; PRAGMA wal_autocheckpoint = 8192";

/// Makes readers and the writer independent of each other. The mode is kept in the file, so readers need not ask for
/// it. Where it cannot be had, SQLite does not fail but answers with the mode that stays.
///
/// When several open a new file at once, all but one find it locked, and here SQLite does not wait by itself.
fn write_ahead(connection: &mut SqliteConnection, busy_timeout: Duration) -> Result<(), Cause> {
    #[derive(QueryableByName)]
    struct JournalMode {
        #[diesel(sql_type = Text)]
        journal_mode: String,
    }

    let deadline = Instant::now() + busy_timeout;
    let JournalMode { journal_mode } = loop {
        match sql_query("PRAGMA journal_mode = WAL").get_result(connection) {
            Err(error) if kind(&error) == BackendErrorKind::Unavailable && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            result => break result?,
        }
    };
    if journal_mode == "wal" { Ok(()) } else { Err(Cause::JournalMode(journal_mode)) }
}

impl r2d2::ManageConnection for ConnectionManager {
    type Connection = SqliteConnection;
    type Error = OpenError;

    fn connect(&self) -> Result<SqliteConnection, OpenError> {
        self.open().map_err(|source| OpenError { path: self.path.clone(), source })
    }

    /// Not asked: a file does not hang up.
    fn is_valid(&self, _: &mut SqliteConnection) -> Result<(), OpenError> {
        Ok(())
    }

    /// A connection whose transaction could neither be committed nor rolled back, or whose user panicked in the middle
    /// of one, is thrown away.
    fn has_broken(&self, connection: &mut SqliteConnection) -> bool {
        thread::panicking() || diesel::r2d2::R2D2Connection::is_broken(connection)
    }
}

#[cfg(test)]
mod tests {
    use diesel::dsl::sql;
    use diesel::sql_types::Integer;
    use r2d2::ManageConnection;
    use tempfile::TempDir;

    use super::*;

    fn open(folder: &TempDir, role: Role) -> SqliteConnection {
        let path = folder.path().join("stint.db").to_str().unwrap().to_owned();
        ConnectionManager::new(path, role, Duration::from_millis(1234)).connect().unwrap()
    }

    fn pragma(connection: &mut SqliteConnection, name: &str) -> i32 {
        let column = if name == "busy_timeout" { "timeout" } else { name };
        diesel::select(sql::<Integer>(&format!("(SELECT {column} FROM pragma_{name})"))).get_result(connection).unwrap()
    }

    #[test]
    fn commits_are_durable_and_foreign_keys_hold_on_every_connection() {
        let folder = tempfile::tempdir().unwrap();
        for role in [Role::Writer, Role::Reader] {
            let mut connection = open(&folder, role);
            let mode: String = diesel::select(sql::<Text>("(SELECT journal_mode FROM pragma_journal_mode)"))
                .get_result(&mut connection)
                .unwrap();
            assert_eq!(mode, "wal");
            let full = 2;
            assert_eq!(pragma(&mut connection, "synchronous"), full);
            assert_eq!(pragma(&mut connection, "fullfsync"), 1);
            assert_eq!(pragma(&mut connection, "foreign_keys"), 1);
            assert_eq!(pragma(&mut connection, "trusted_schema"), 0);
            assert_eq!(pragma(&mut connection, "query_only"), i32::from(role == Role::Reader));
        }
    }

    /// As `.cargo/config.toml` has it.
    #[test]
    fn sqlite_is_compiled_for_one_thread_per_connection_and_stable_plans() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = open(&folder, Role::Writer);
        for option in ["THREADSAFE=2", "ENABLE_QPSG", "DEFAULT_MEMSTATUS=0"] {
            let used = diesel::select(sql::<Integer>(&format!("sqlite_compileoption_used('{option}')")));
            assert_eq!(used.get_result(&mut connection), Ok(1), "{option}");
        }
    }

    #[test]
    fn the_busy_timeout_is_the_one_that_was_set() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pragma(&mut open(&folder, Role::Writer), "busy_timeout"), 1234);
    }
}
