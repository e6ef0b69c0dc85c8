//! What a failure of Postgres means, decided once.
//!
//! Diesel tells some SQLSTATEs apart and hides the rest; for those the server's own message has to do. So a session asks
//! for untranslated messages where its role may (see `session`), and `ALTER DATABASE ... SET lc_messages = 'C'` does it
//! for every role. On a server that answers in another language a deadlock is reported instead of retried, a lock that
//! was not got fails more than those who need it, and a statement time-out is reported as
//! [`Internal`](BackendErrorKind::Internal): worse, never wrong.

use diesel::ConnectionError;
use diesel::result::{DatabaseErrorKind, Error};
use stint_domain::ports::{BackendError, BackendErrorKind};

use super::BACKEND;

/// What to do about a failed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection is gone. Whether the statement took effect depends on where it stood.
    Lost,
    /// The server undid the transaction because another one was in its way: try it again.
    Conflict,
    /// Another transaction kept a lock for longer than this one waits.
    Locked,
    /// Another row has the same key.
    Unique,
    /// A row that others refer to, or that is referred to and not there.
    ForeignKey,
    /// Nothing a program can do but to report it.
    Other(BackendErrorKind),
}

/// The beginnings of messages, and what they mean. Each stands for the SQLSTATE named with it.
const MESSAGES: [(&str, Fault); 14] = [
    ("deadlock detected", Fault::Conflict),                                   // 40P01
    ("could not serialize access", Fault::Conflict),                          // 40001
    ("canceling statement due to lock timeout", Fault::Locked),               // 55P03
    ("canceling statement due to ", Fault::Other(BackendErrorKind::Timeout)), // 57014
    ("terminating connection", Fault::Lost),                                  // 57P01, 57P02, 25P03
    ("the database system is ", Fault::Lost),                                 // 57P03
    ("server closed the connection", Fault::Lost),                            // libpq
    ("no connection to the server", Fault::Lost),                             // libpq
    ("sorry, too many clients", Fault::Other(BackendErrorKind::Unavailable)), // 53300
    ("remaining connection slots are reserved", Fault::Other(BackendErrorKind::Unavailable)), // 53300
    ("could not extend file", Fault::Other(BackendErrorKind::Unavailable)),   // 53100
    ("could not write to file", Fault::Other(BackendErrorKind::Unavailable)), // 53100
    ("out of memory", Fault::Other(BackendErrorKind::Unavailable)),           // 53200
    ("out of shared memory", Fault::Other(BackendErrorKind::Unavailable)),    // 53200
];

/// What `error` means.
pub(super) fn fault(error: &Error) -> Fault {
    match error {
        Error::DatabaseError(kind, information) => match kind {
            DatabaseErrorKind::UniqueViolation => Fault::Unique,
            DatabaseErrorKind::ForeignKeyViolation | DatabaseErrorKind::RestrictViolation => Fault::ForeignKey,
            DatabaseErrorKind::SerializationFailure => Fault::Conflict,
            DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => Fault::Lost,
            // A server that is being replaced, or whose disk is full.
            DatabaseErrorKind::ReadOnlyTransaction => Fault::Other(BackendErrorKind::Unavailable),
            _ => by_message(information.message()),
        },
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => Fault::Lost,
        _ => Fault::Other(BackendErrorKind::Internal),
    }
}

fn by_message(message: &str) -> Fault {
    let known = MESSAGES.iter().find(|(beginning, _)| message.starts_with(beginning));
    known.map_or(Fault::Other(BackendErrorKind::Internal), |(_, fault)| *fault)
}

/// The error that a caller gets who cannot do anything more specific about it, and who knows that nothing was done.
pub(super) fn backend_error(error: Error) -> BackendError {
    let kind = match fault(&error) {
        Fault::Lost | Fault::Conflict => BackendErrorKind::Unavailable,
        Fault::Locked => BackendErrorKind::Timeout,
        Fault::Unique | Fault::ForeignKey => BackendErrorKind::Internal,
        Fault::Other(kind) => kind,
    };
    BackendError::new(BACKEND, kind, error)
}

/// Whether the error is that a lock was not got in time.
pub(super) fn is_locked(error: &BackendError) -> bool {
    error.source.downcast_ref().is_some_and(|error| fault(error) == Fault::Locked)
}

/// A server that cannot be reached, or does not let us in.
pub(super) fn not_connected(error: ConnectionError) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Unavailable, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database_error(kind: DatabaseErrorKind, message: &str) -> Error {
        Error::DatabaseError(kind, Box::new(message.to_owned()))
    }

    #[test]
    fn what_diesel_hides_is_told_by_the_message() {
        let kind = |message| backend_error(database_error(DatabaseErrorKind::Unknown, message)).kind;
        assert_eq!(kind("canceling statement due to statement timeout"), BackendErrorKind::Timeout);
        assert_eq!(kind("canceling statement due to lock timeout"), BackendErrorKind::Timeout);
        assert_eq!(kind("terminating connection due to administrator command"), BackendErrorKind::Unavailable);
        assert_eq!(kind("could not extend file \"base/1/2\": No space left on device"), BackendErrorKind::Unavailable);
        assert_eq!(kind("relation \"jobs\" does not exist"), BackendErrorKind::Internal);
    }

    #[test]
    fn a_deadlock_is_a_conflict_and_a_closed_connection_is_lost() {
        assert_eq!(fault(&database_error(DatabaseErrorKind::Unknown, "deadlock detected")), Fault::Conflict);
        assert_eq!(fault(&database_error(DatabaseErrorKind::ClosedConnection, "")), Fault::Lost);
        assert_eq!(fault(&Error::BrokenTransactionManager), Fault::Lost);
        assert_eq!(fault(&Error::NotFound), Fault::Other(BackendErrorKind::Internal));
    }
}
