//! What failures of SQLite mean to a caller: the one place where they are classified.
//!
//! Diesel keeps SQLite's message and drops its result code, except for broken constraints, so failures are recognised
//! by their messages. SQLite is compiled in, so the messages change only with its version; the tests below provoke
//! each failure for real.

use diesel::result::{DatabaseErrorKind, Error};
use stint_domain::{BackendError, BackendErrorKind};

/// The name of this backend in errors and metrics.
pub(super) const BACKEND: &str = "sqlite";

/// The error for a failed statement or transaction.
pub(super) fn classify(error: Error) -> BackendError {
    BackendError::new(BACKEND, kind(&error), error)
}

/// The kind of `error`.
pub(super) fn kind(error: &Error) -> BackendErrorKind {
    match error {
        Error::DatabaseError(DatabaseErrorKind::Unknown, information) => kind_of_message(information.message()),
        Error::RollbackErrorOnCommit { commit_error, .. } => kind(commit_error),
        Error::DeserializationError(_) => BackendErrorKind::Corrupt,
        _ => BackendErrorKind::Internal,
    }
}

/// After an `Unavailable` nothing has changed: a write that waits for its lock in vain has not begun, and SQLite
/// rolls back a transaction that it cannot write. So there is no `Timeout`, after which a write may have happened.
fn kind_of_message(message: &str) -> BackendErrorKind {
    const UNAVAILABLE: [&str; 7] = [
        // Another process holds the lock for longer than the busy time-out.
        "is locked",
        "locking protocol",
        "database or disk is full",
        "attempt to write a readonly database",
        "disk I/O error",
        "unable to open database file",
        "out of memory",
    ];
    const CORRUPT: [&str; 2] = ["malformed", "file is not a database"];

    let any = |parts: &[&str]| parts.iter().any(|part| message.contains(part));
    if any(&UNAVAILABLE) {
        BackendErrorKind::Unavailable
    } else if any(&CORRUPT) {
        BackendErrorKind::Corrupt
    } else {
        BackendErrorKind::Internal
    }
}

/// Whether another connection holds the lock.
pub(super) fn is_locked(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(_, information) if information.message().contains("is locked"))
}

/// Whether the connection must be replaced: it was opened while the file could not be written, or its picture of the
/// file may be wrong.
pub(super) fn is_spent(error: &Error) -> bool {
    const SPENT: [&str; 6] = [
        "attempt to write a readonly database",
        "disk I/O error",
        "unable to open database file",
        "locking protocol",
        "malformed",
        "file is not a database",
    ];
    match error {
        Error::DatabaseError(_, information) => SPENT.iter().any(|part| information.message().contains(part)),
        Error::RollbackErrorOnCommit { commit_error, rollback_error } => {
            is_spent(commit_error) || is_spent(rollback_error)
        }
        Error::BrokenTransactionManager => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use diesel::connection::SimpleConnection;
    use diesel::{Connection, SqliteConnection};
    use tempfile::TempDir;

    use super::*;

    fn open(dir: &TempDir) -> SqliteConnection {
        SqliteConnection::establish(dir.path().join("test.db").to_str().unwrap()).unwrap()
    }

    /// How `sql` fails after `setup` succeeded.
    fn failure(connection: &mut SqliteConnection, setup: &str, sql: &str) -> (BackendErrorKind, String) {
        connection.batch_execute(setup).unwrap();
        let error = connection.batch_execute(sql).unwrap_err();
        (kind(&error), error.to_string())
    }

    #[test]
    fn a_full_disk_is_unavailable() {
        let dir = TempDir::new().unwrap();
        let setup = "CREATE TABLE t (x); PRAGMA max_page_count = 2";
        let (kind, message) = failure(&mut open(&dir), setup, "INSERT INTO t VALUES (zeroblob(100000))");
        assert_eq!(kind, BackendErrorKind::Unavailable, "{message}");
    }

    #[test]
    fn a_database_that_may_not_be_written_is_unavailable() {
        let dir = TempDir::new().unwrap();
        let setup = "CREATE TABLE t (x); PRAGMA query_only = ON";
        let (kind, message) = failure(&mut open(&dir), setup, "INSERT INTO t VALUES (1)");
        assert_eq!(kind, BackendErrorKind::Unavailable, "{message}");
    }

    #[test]
    fn a_lock_that_another_connection_holds_is_unavailable() {
        let dir = TempDir::new().unwrap();
        let (mut holder, mut waiter) = (open(&dir), open(&dir));
        holder.batch_execute("BEGIN IMMEDIATE").unwrap();
        let (kind, message) = failure(&mut waiter, "PRAGMA busy_timeout = 1", "BEGIN IMMEDIATE");
        assert_eq!(kind, BackendErrorKind::Unavailable, "{message}");
    }

    #[test]
    fn a_file_that_is_no_database_is_corrupt() {
        let dir = TempDir::new().unwrap();
        fs::write(dir.path().join("test.db"), "no database, but long enough to hold a header ".repeat(20)).unwrap();
        let (kind, message) = failure(&mut open(&dir), "", "SELECT * FROM sqlite_schema");
        assert_eq!(kind, BackendErrorKind::Corrupt, "{message}");
    }

    #[test]
    fn a_damaged_page_is_corrupt() {
        let dir = TempDir::new().unwrap();
        open(&dir).batch_execute("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(3000))").unwrap();
        let file = dir.path().join("test.db");
        let mut bytes = fs::read(&file).unwrap();
        bytes[4096..].fill(0xff);
        fs::write(&file, bytes).unwrap();
        let (kind, message) = failure(&mut open(&dir), "", "SELECT * FROM t");
        assert_eq!(kind, BackendErrorKind::Corrupt, "{message}");
    }

    #[test]
    fn a_statement_that_does_not_fit_the_schema_is_internal() {
        let dir = TempDir::new().unwrap();
        let (kind, message) = failure(&mut open(&dir), "", "SELECT * FROM absent");
        assert_eq!(kind, BackendErrorKind::Internal, "{message}");
        let constraint = "CREATE TABLE t (x CHECK (x > 0))";
        let (kind, message) = failure(&mut open(&dir), constraint, "INSERT INTO t VALUES (0)");
        assert_eq!(kind, BackendErrorKind::Internal, "{message}");
    }
}
