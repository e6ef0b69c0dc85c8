//! The two kinds of transactions.

use diesel::result::Error;
use diesel::{Connection, SqliteConnection};
use stint_domain::BackendError;

use super::error::classify;

/// Runs `work` while no other connection can write, in this process or another. Commits when it succeeds, and undoes
/// everything when it fails.
///
/// The lock is taken at the start (`BEGIN IMMEDIATE`), so what `work` reads stays true until the commit: it can look,
/// decide and write without a race. A lock that is taken later would fail at once when another connection wrote in
/// between.
pub(super) fn write<T, E: From<BackendError>>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
) -> Result<T, E> {
    let mut failure = None;
    connection
        .immediate_transaction(|connection| work(connection).map_err(|error| roll_back(error, &mut failure)))
        .map_err(|error| failure.unwrap_or_else(|| classify(error).into()))
}

/// Runs `work` on one state of the database, that of its first statement, while others write.
pub(super) fn read<T, E: From<BackendError>>(
    connection: &mut SqliteConnection,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
) -> Result<T, E> {
    let mut failure = None;
    connection
        .transaction(|connection| work(connection).map_err(|error| roll_back(error, &mut failure)))
        .map_err(|error| failure.unwrap_or_else(|| classify(error).into()))
}

/// Keeps the error of `work` aside. When SQLite rolled back by itself (on a full disk, say), Diesel's rollback fails
/// too, and its error would hide the cause.
fn roll_back<E>(error: E, failure: &mut Option<E>) -> Error {
    *failure = Some(error);
    Error::RollbackTransaction
}

#[cfg(test)]
mod tests {
    use diesel::connection::SimpleConnection;
    use stint_domain::BackendErrorKind;

    use super::*;

    /// SQLite rolls back by itself here.
    #[test]
    fn a_write_that_fills_the_disk_says_so_and_the_connection_stays_usable() {
        let folder = tempfile::tempdir().unwrap();
        let mut connection = SqliteConnection::establish(folder.path().join("stint.db").to_str().unwrap()).unwrap();
        connection.batch_execute("CREATE TABLE t (x); PRAGMA max_page_count = 3").unwrap();
        let mut insert = |bytes: u32| {
            write(&mut connection, |connection| {
                connection.batch_execute(&format!("INSERT INTO t VALUES (zeroblob({bytes}))")).map_err(classify)
            })
        };
        let error: BackendError = insert(1_000_000).unwrap_err();
        assert_eq!(error.kind, BackendErrorKind::Unavailable);
        assert_eq!(error.source.to_string(), "database or disk is full");
        insert(1).unwrap();
    }
}
