//! How an operation is carried out: as one statement or one transaction, and again when that is right.
//!
//! It is tried again, a bounded number of times, when the server undid it because of another transaction (a deadlock),
//! or when another writer was seen to come in between; and once, on a new session, when its session was of no more use
//! ([`super::sqlstate`] says which failures tell of that). When the connection is lost it is tried again only if it
//! cannot have taken effect or if doing it twice is the same as doing it once. A `COMMIT` whose answer was lost is therefore
//! reported and not replayed: as [`Timeout`](BackendErrorKind::Timeout), because the write may have happened, while
//! [`Unavailable`](BackendErrorKind::Unavailable) says that nothing has.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error};
use stint_domain::{BackendError, BackendErrorKind};

use super::error::BACKEND;
use super::error::{Fault, backend_error, fault};
use super::session::Session;
use super::sqlstate::Again;

/// How often an operation is tried, at most.
const ATTEMPTS: u32 = 10;

/// Why an attempt ended without an outcome. `R` is the error of the port's method.
#[derive(Debug)]
pub(super) enum Failure<R> {
    /// The caller gets this.
    Refused(R),
    /// Another writer came in between, so that what was read no longer holds.
    Overtaken,
    /// The database failed, and whether the statement took effect may be unknown.
    Database(Error),
    /// The database failed before anything can have taken effect.
    Undone(Error),
}

impl<R> From<Error> for Failure<R> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

impl<R> Failure<R> {
    /// A refusal, or a row that does not parse.
    pub(super) fn refused(error: impl Into<R>) -> Self {
        Self::Refused(error.into())
    }

    /// The same for a method that may refuse for other reasons, too.
    pub(super) fn widen<S: From<R>>(self) -> Failure<S> {
        match self {
            Self::Refused(refusal) => Failure::Refused(refusal.into()),
            Self::Overtaken => Failure::Overtaken,
            Self::Database(error) => Failure::Database(error),
            Self::Undone(error) => Failure::Undone(error),
        }
    }

    /// Whether another row has the same key.
    pub(super) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error) | Self::Undone(error) if fault(error) == Fault::Unique)
    }

    /// Whether a value is out of its column's bounds.
    pub(super) fn is_check_violation(&self) -> bool {
        let is_check = |error: &Error| matches!(error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, _));
        matches!(self, Self::Database(error) | Self::Undone(error) if is_check(error))
    }
}

/// Whether an operation whose answer was lost can be done again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Yes: it only reads.
    Reads,
    /// Yes: it stores something under its own id and recognises it.
    Harmless,
    /// No: it may have taken effect.
    Never,
}

/// Carries out `operation` until it has an outcome that its caller should get.
pub(super) fn attempt<T, R: From<BackendError>>(
    session: &mut Session,
    repeat: Repeat,
    operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>>,
) -> Result<T, R> {
    attempt_in(session, repeat, &mut Doubt::default(), operation)
}

/// The same as a part of something whose other parts leave and share a doubt.
pub(super) fn attempt_in<T, R: From<BackendError>>(
    session: &mut Session,
    repeat: Repeat,
    doubt: &mut Doubt,
    operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>>,
) -> Result<T, R> {
    let mut reconnected = false;
    for attempt in 0..ATTEMPTS {
        let connection = session.connection().map_err(|error| doubt.told(error))?;
        let (error, undone) = match operation(connection) {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Err(Failure::Overtaken) => {
                pause(attempt);
                continue;
            }
            Err(Failure::Database(error)) => (error, false),
            Err(Failure::Undone(error)) => (error, true),
        };
        let fault = fault(&error);
        let replaced = session.failed(fault);
        doubt.0 |= fault == Fault::Lost && !undone && repeat != Repeat::Reads;
        let again = match fault.again() {
            Again::No => false,
            Again::Once => true,
            Again::OnceIfHarmless => undone || repeat != Repeat::Never,
            Again::Often => {
                pause(attempt);
                continue;
            }
        };
        if reconnected || !again || !replaced {
            return Err(doubt.told(backend_error(error)).into());
        }
        reconnected = true;
    }
    Err(doubt.told(BackendError::new(BACKEND, BackendErrorKind::Unavailable, Overtaken)).into())
}

/// The cause of a failure that is nobody's fault: a smaller operation may get through.
#[derive(Debug, thiserror::Error)]
#[error("others came in between {ATTEMPTS} times")]
pub(super) struct Overtaken;

impl Overtaken {
    /// Whether an operation failed so, and nothing was done.
    pub(super) fn is(error: &BackendError) -> bool {
        error.source.is::<Self>()
    }
}

/// Whether something that was sent may have taken effect although its answer was lost.
#[derive(Debug, Default)]
pub(super) struct Doubt(bool);

impl Doubt {
    /// `outcome`, which says that nothing was done, if that is certain.
    pub(super) fn certain<T>(&self, outcome: T) -> Result<T, BackendError> {
        let unavailable = || BackendError::new(BACKEND, BackendErrorKind::Unavailable, "the connection was lost");
        if self.0 { Err(self.told(unavailable())) } else { Ok(outcome) }
    }

    /// What the caller is told: never that nothing was done, when this or an earlier attempt may have taken effect.
    pub(super) fn told(&self, error: BackendError) -> BackendError {
        if !self.0 || InDoubt::is(&error) {
            return error;
        }
        BackendError::new(BACKEND, BackendErrorKind::Timeout, InDoubt(error.source))
    }
}

/// The cause of a write's failure that may be no failure: its answer was lost.
#[derive(Debug, thiserror::Error)]
#[error("the answer to a write was lost")]
pub(super) struct InDoubt(#[source] Arc<dyn std::error::Error + Send + Sync>);

impl InDoubt {
    /// Whether the write that failed so may have taken effect, although no time-out tells of it.
    pub(super) fn is(error: &BackendError) -> bool {
        error.source.is::<Self>()
    }
}

/// Runs `body` as one transaction: it commits when `body` has an outcome, and leaves nothing behind when it has not.
pub(super) fn transaction<T, R>(
    connection: &mut PgConnection,
    body: impl FnOnce(&mut PgConnection) -> Result<T, Failure<R>>,
) -> Result<T, Failure<R>> {
    AnsiTransactionManager::begin_transaction(connection).map_err(Failure::Undone)?;
    match body(connection) {
        Ok(outcome) => {
            AnsiTransactionManager::commit_transaction(connection)?;
            Ok(outcome)
        }
        Err(failure) => {
            // If this fails too, the connection is broken, which the session sees.
            let _ = AnsiTransactionManager::rollback_transaction(connection);
            Err(match failure {
                Failure::Database(error) => Failure::Undone(error),
                other => other,
            })
        }
    }
}

/// Lets the other writers finish; longer each time, and not equally long for two who met.
fn pause(attempt: u32) {
    let jitter = RandomState::new().hash_one(attempt) % 500;
    std::thread::sleep(Duration::from_micros((500 + jitter) << attempt.min(5)));
}
