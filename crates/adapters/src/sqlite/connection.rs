//! How one connection is opened, and which settings it gets.
//!
//! [`super::session`] has the places for connections, and the parent module makes the pools.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, RunQueryDsl, SqliteConnection};
use stint_domain::{BackendError, BackendErrorKind};
use thiserror::Error;

use super::error::{BACKEND, kind};
use super::sql::Sql;
use crate::sql::statements;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The one connection of a handle that writes.
    Writer,
    /// Only reads: SQLite refuses anything else on it.
    Reader,
    /// Tries whether a write would work, and undoes it.
    Trial,
    /// Copies the write-ahead log into the file.
    Copier,
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

/// Opens the file at `path`, which is absolute, and reads a page of it, so that its write-ahead log is open, too.
/// Never creates the file: where it is gone, an empty one would take its place.
pub(super) fn open(path: &str, role: Role, busy_timeout: Duration) -> Result<SqliteConnection, OpenError> {
    connect(path, role, busy_timeout).map_err(|source| OpenError { path: path.to_owned(), source })
}

fn connect(path: &str, role: Role, busy_timeout: Duration) -> Result<SqliteConnection, Cause> {
    let mut connection = SqliteConnection::establish(&url(path))?;
    // Set first, so that the following statements wait, too.
    wait_for_others(&mut connection, busy_timeout)?;
    connection.batch_execute(ON_EVERY_CONNECTION)?;
    match role {
        Role::Writer => {
            write_ahead(&mut connection, busy_timeout)?;
            connection.batch_execute(ON_THE_WRITER)?;
        }
        Role::Reader => connection.batch_execute("PRAGMA query_only = ON; PRAGMA cache_size = -1024")?,
        Role::Trial => connection.batch_execute(ON_TRIAL)?,
        Role::Copier => {}
    }
    Sql::<Schema>::constant().get_result::<i64>(&mut connection)?;
    Ok(connection)
}

statements! {
    Schema: BigInt = "SELECT count(*) FROM sqlite_schema";
    JournalMode: Text = "PRAGMA journal_mode = WAL";
}

/// The path as a URL: only a URL can say that nothing is to be created.
fn url(path: &str) -> String {
    let mut url = "file:".to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => url.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(url, "%{byte:02X}")),
        }
    }
    url + "?mode=rw"
}

/// Sets how long to wait for the lock of another connection.
pub(super) fn wait_for_others(connection: &mut SqliteConnection, how_long: Duration) -> diesel::QueryResult<()> {
    // SQLite reads a number that is too large as 0.
    let millis = i32::try_from(how_long.as_millis()).unwrap_or(i32::MAX);
    connection.batch_execute(&format!("PRAGMA busy_timeout = {millis}"))
}

/// - `synchronous = FULL`: a commit is on the disk when it is answered, even after a loss of power; on macOS this
///   needs `fullfsync`.
/// - `trusted_schema = OFF`: a file from elsewhere cannot run functions with side effects through its schema.
/// - `journal_size_limit`: after a large transaction the write-ahead log shrinks again.
const ON_EVERY_CONNECTION: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA fullfsync = ON;
    PRAGMA checkpoint_fullfsync = ON;
    PRAGMA foreign_keys = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_size_limit = 67108864;
";

/// - `cache_size`: 12 MiB, because each entry changes a page of several indexes. Readers have 1 MiB: there are several
///   of them, a page of entries is in few pages of an index, and the operating system caches the file once for all.
/// - `wal_autocheckpoint`: not before 64 MiB, because [`super::checkpoint`] copies the log before.
const ON_THE_WRITER: &str = "PRAGMA cache_size = -12288; PRAGMA wal_autocheckpoint = 16384";

/// - `cache_size`: a write that does not fit into so few pages goes to the log before the commit, so a trial finds
///   out whether the disk has room.
const ON_TRIAL: &str = "PRAGMA cache_size = 8";

/// Makes readers and the writer independent of each other. The mode is stored in the file, so readers need not set
/// it. Where the mode is not possible, SQLite does not fail but returns the mode that stays.
///
/// When several connections open a new file at once, all but one find it locked, and here SQLite does not wait by
/// itself.
fn write_ahead(connection: &mut SqliteConnection, busy_timeout: Duration) -> Result<(), Cause> {
    let deadline = Instant::now() + busy_timeout;
    let journal_mode: String = loop {
        match Sql::<JournalMode>::constant().get_result(connection) {
            Err(error) if kind(&error) == BackendErrorKind::Unavailable && Instant::now() < deadline => {
                thread::sleep(Duration::from_millis(5));
            }
            result => break result?,
        }
    };
    if journal_mode == "wal" { Ok(()) } else { Err(Cause::JournalMode(journal_mode)) }
}

#[cfg(test)]
mod tests {
    use diesel::dsl::sql;
    use diesel::sql_types::Integer;
    use tempfile::TempDir;

    use super::*;

    fn opened(folder: &TempDir, role: Role) -> SqliteConnection {
        let path = super::super::file::create(&folder.path().join("stint.db")).unwrap();
        open(&path, role, Duration::from_millis(1234)).unwrap()
    }

    fn pragma(connection: &mut SqliteConnection, name: &str) -> i32 {
        let column = if name == "busy_timeout" { "timeout" } else { name };
        diesel::select(sql::<Integer>(&format!("(SELECT {column} FROM pragma_{name})"))).get_result(connection).unwrap()
    }

    #[test]
    fn commits_are_durable_and_foreign_keys_hold_on_every_connection() {
        let folder = tempfile::tempdir().unwrap();
        for role in [Role::Writer, Role::Reader, Role::Trial, Role::Copier] {
            let mut connection = opened(&folder, role);
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

    /// As set in `.cargo/config.toml`.
    #[test]
    fn sqlite_is_compiled_for_one_thread_per_connection_and_stable_plans() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = opened(&folder, Role::Writer);
        for option in ["THREADSAFE=2", "ENABLE_QPSG", "DEFAULT_MEMSTATUS=0"] {
            let used = diesel::select(sql::<Integer>(&format!("sqlite_compileoption_used('{option}')")));
            assert_eq!(used.get_result(&mut connection), Ok(1), "{option}");
        }
    }

    /// If the file is gone, an empty one would be taken for the ledger.
    #[test]
    fn no_file_is_created() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["stint.db", "a % b#c?mode=rwc.db"] {
            let path = folder.path().join(name);
            for role in [Role::Writer, Role::Reader, Role::Trial, Role::Copier] {
                let refused = open(path.to_str().unwrap(), role, Duration::ZERO).err().unwrap();
                assert_eq!(BackendError::from(refused).kind, BackendErrorKind::Unavailable);
                assert!(!path.exists());
            }
        }
    }

    #[test]
    fn the_busy_timeout_is_the_one_that_was_set() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(pragma(&mut opened(&folder, Role::Writer), "busy_timeout"), 1234);
    }
}
