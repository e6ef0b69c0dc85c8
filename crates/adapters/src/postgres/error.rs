//! Classifies a failure of Postgres, in one place: by its SQLSTATE, and then by [`super::sqlstate`].
//!
//! Diesel distinguishes some SQLSTATEs and hides the others; those are recognised by the server's message. So a
//! session asks for untranslated messages where its role may (see `session`), and `ALTER DATABASE ... SET lc_messages
//! = 'C'` does so for every role. If a server answers in another language, a deadlock is reported instead of retried,
//! a lock time-out fails a whole group, and a statement time-out is reported as
//! [`Internal`](BackendErrorKind::Internal): worse, never wrong. After a failure that is not recognised, the session
//! is replaced, so that nothing of it remains.

use diesel::result::{DatabaseErrorKind, Error};
use stint_domain::{BackendError, BackendErrorKind};

pub(super) use super::sqlstate::Fault;
use super::sqlstate::fault_of;

/// The name of this backend in errors.
pub(super) const BACKEND: &str = "postgres";

/// The first words of messages, and the SQLSTATE of each.
const MESSAGES: [(&str, &str); 25] = [
    ("deadlock detected", "40P01"),
    ("could not serialize access", "40001"),
    ("canceling statement due to lock timeout", "55P03"),
    ("could not obtain lock", "55P03"),
    ("canceling statement due to ", "57014"),
    ("terminating connection due to idle-in-transaction timeout", "25P03"),
    ("terminating connection due to transaction timeout", "25P04"),
    ("terminating connection due to idle-session timeout", "57P05"),
    ("terminating connection because of crash", "57P02"),
    ("terminating connection", "57P01"),
    ("the database system is ", "57P03"),
    ("cached plan must not change result type", "0A000"),
    ("prepared statement \"", "26000"), // or 42P05, which means the same here
    ("current transaction is aborted", "25P02"),
    ("permission denied", "42501"),
    ("relation \"", "42P01"),
    ("sorry, too many clients", "53300"),
    ("remaining connection slots are reserved", "53300"),
    ("too many connections for ", "53300"),
    ("could not extend file", "53100"),
    ("could not write to file", "53100"),
    ("out of memory", "53200"),
    ("out of shared memory", "53200"),
    ("database is not accepting commands", "54000"),
    ("invalid page in block", "XX001"),
];

/// The meaning of `error`.
pub(super) fn fault(error: &Error) -> Fault {
    match error {
        Error::DatabaseError(kind, information) => {
            by_message(information.message()).or_else(|| by_kind(*kind)).unwrap_or_else(|| fault_of(""))
        }
        Error::BrokenTransactionManager | Error::RollbackErrorOnCommit { .. } => Fault::Lost,
        _ => Fault::Other(BackendErrorKind::Internal),
    }
}

/// The server's message says more than Diesel's kinds: a connection that Diesel finds closed may have been idle.
fn by_message(message: &str) -> Option<Fault> {
    let found = MESSAGES.iter().find(|(beginning, _)| message.starts_with(beginning));
    found.map(|(_, sqlstate)| fault_of(sqlstate))
}

fn by_kind(kind: DatabaseErrorKind) -> Option<Fault> {
    let sqlstate = match kind {
        DatabaseErrorKind::UniqueViolation => "23505",
        DatabaseErrorKind::ForeignKeyViolation => "23503",
        DatabaseErrorKind::RestrictViolation => "23001",
        DatabaseErrorKind::NotNullViolation => "23502",
        DatabaseErrorKind::CheckViolation => "23514",
        DatabaseErrorKind::SerializationFailure => "40001",
        DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand => "08006",
        DatabaseErrorKind::ReadOnlyTransaction => "25006",
        _ => return None,
    };
    Some(fault_of(sqlstate))
}

/// The error for a caller that can do nothing more specific about it, and knows that nothing was done.
pub(super) fn backend_error(error: Error) -> BackendError {
    BackendError::new(BACKEND, fault(&error).kind(), error)
}

/// Whether the error is a lock time-out.
pub(super) fn is_locked(error: &BackendError) -> bool {
    error.source.downcast_ref().is_some_and(|error| fault(error) == Fault::Locked)
}

/// Whether the failure is the driver's and not the server's: nearly always the connection is closed, and
/// [`super::connection`] knows why.
pub(super) fn is_closed(error: &Error) -> bool {
    matches!(error, Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::postgres::sqlstate::STATES;

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

    /// A failure that is not recognised may be any row of the table, for example in a translated message.
    #[test]
    fn a_failure_that_nobody_can_name_gives_its_session_up() {
        let unknown = database_error(DatabaseErrorKind::Unknown, "annulation de la requ\u{ea}te");
        assert_eq!(fault(&unknown), Fault::Spent(BackendErrorKind::Internal));
        let idle = "terminating connection due to idle-session timeout";
        assert_eq!(fault(&database_error(DatabaseErrorKind::ClosedConnection, idle)), Fault::Idle);
    }

    #[test]
    fn every_message_stands_for_a_state_of_the_table() {
        for (message, sqlstate) in MESSAGES {
            assert!(STATES.iter().any(|(state, ..)| sqlstate.starts_with(state)), "{message}");
        }
    }

    #[test]
    fn a_deadlock_is_a_conflict_and_a_closed_connection_is_lost() {
        assert_eq!(fault(&database_error(DatabaseErrorKind::Unknown, "deadlock detected")), Fault::Conflict);
        assert_eq!(fault(&database_error(DatabaseErrorKind::ClosedConnection, "")), Fault::Lost);
        assert_eq!(fault(&Error::BrokenTransactionManager), Fault::Lost);
        assert_eq!(fault(&Error::NotFound), Fault::Other(BackendErrorKind::Internal));
    }
}
