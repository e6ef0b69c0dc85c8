//! How an operation is carried out: as one statement or one transaction, and again where that is right.
//!
//! An operation is tried again, a bounded number of times, when the server undid it because of another transaction (a
//! deadlock), or when another writer was seen to come first. It is tried once more, on a new session, when its
//! session had to be replaced ([`super::sqlstate`] says after which failures). When the connection is lost, it is
//! tried again only if it cannot have taken effect, or if doing it twice has the same effect as doing it once. So a
//! `COMMIT` whose answer was lost is not repeated. It is reported as [`Timeout`](BackendErrorKind::Timeout), because
//! the write may have happened, while [`Unavailable`](BackendErrorKind::Unavailable) says that nothing happened.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{AnsiTransactionManager, AsyncPgConnection, TransactionManager};
use futures::future::BoxFuture;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::time::sleep;

use super::error::{BACKEND, Fault, fault};
use super::link::Link;
use super::session::Session;
use super::sqlstate::Again;

/// How often an operation is tried, at most.
const ATTEMPTS: u32 = 10;

/// Why an attempt ended without a result. `R` is the error of the port's method.
#[derive(Debug)]
pub(super) enum Failure<R> {
    /// The caller gets this error.
    Refused(R),
    /// Another writer came first, so what was read is out of date.
    Overtaken,
    /// The database failed. Whether the statement took effect may be unknown.
    Database(Error),
    /// The database failed before anything can have taken effect.
    Undone(Error),
}

impl<R> From<Error> for Failure<R> {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// A row that does not parse, or a defect.
impl<R: From<BackendError>> From<BackendError> for Failure<R> {
    fn from(error: BackendError) -> Self {
        Self::Refused(error.into())
    }
}

impl<R> Failure<R> {
    /// A refusal.
    pub(super) fn refused(error: impl Into<R>) -> Self {
        Self::Refused(error.into())
    }

    /// The failure of a step, for a method with refusals of its own.
    pub(super) fn of_step(step: Failure<BackendError>) -> Self
    where
        R: From<BackendError>,
    {
        match step {
            Failure::Refused(error) => Self::Refused(error.into()),
            Failure::Overtaken => Self::Overtaken,
            Failure::Database(error) => Self::Database(error),
            Failure::Undone(error) => Self::Undone(error),
        }
    }

    /// Whether another row has the same key.
    pub(super) fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Database(error) | Self::Undone(error) if fault(error) == Fault::Unique)
    }

    /// Whether a value is outside its column's bounds.
    pub(super) fn is_check_violation(&self) -> bool {
        let is_check = |error: &Error| matches!(error, Error::DatabaseError(DatabaseErrorKind::CheckViolation, _));
        matches!(self, Self::Database(error) | Self::Undone(error) if is_check(error))
    }
}

/// Whether an operation whose answer was lost can be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// Yes: it only reads.
    Reads,
    /// Yes: it stores something under its own id and recognises a repeat.
    Harmless,
    /// No: it may have taken effect.
    Never,
}

/// What is done with a connection and an input, maybe several times.
pub(super) type Operation<'o, C, I, T, R> =
    dyn for<'a> Fn(&'a mut C, &'a I) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'o;

/// Carries out `operation` until it has a result for its caller.
pub(super) async fn attempt<I: Sync, T: Send, R: From<BackendError> + Send>(
    session: &mut Session,
    repeat: Repeat,
    input: &I,
    operation: &Operation<'_, AsyncPgConnection, I, T, R>,
) -> Result<T, R> {
    attempt_in(session, repeat, &mut Doubt::default(), input, operation).await
}

/// Like [`attempt`], for a part of a larger operation whose parts share their doubt.
pub(super) async fn attempt_in<I: Sync, T: Send, R: From<BackendError> + Send>(
    session: &mut Session,
    repeat: Repeat,
    doubt: &mut Doubt,
    input: &I,
    operation: &Operation<'_, AsyncPgConnection, I, T, R>,
) -> Result<T, R> {
    if !session.is_pooled() {
        return attempt_on(session, repeat, doubt, input, operation).await;
    }
    // Behind a transaction pooler only a transaction keeps its server, where its statements are prepared. So
    // everything is a transaction there.
    attempt_on(session, repeat, doubt, &(input, operation), &|connection, (input, operation)| {
        Box::pin(transaction(connection, async |connection| operation(connection, input).await))
    })
    .await
}

/// Like [`attempt_in`], over any link.
pub(super) async fn attempt_on<L: Link, I, T, R: From<BackendError>>(
    link: &mut L,
    repeat: Repeat,
    doubt: &mut Doubt,
    input: &I,
    operation: &Operation<'_, L::Connection, I, T, R>,
) -> Result<T, R> {
    let mut reconnected = false;
    for attempt in 0..ATTEMPTS {
        let connection = link.connection().await.map_err(|error| doubt.told(error))?;
        let (error, undone) = match operation(connection, input).await {
            Ok(outcome) => return Ok(outcome),
            Err(Failure::Refused(refusal)) => return Err(refusal),
            Err(Failure::Overtaken) => {
                pause(attempt).await;
                continue;
            }
            Err(Failure::Database(error)) => (error, false),
            Err(Failure::Undone(error)) => (error, true),
        };
        let fault = link.fault(&error).await;
        let replaced = link.failed(fault);
        doubt.0 |= fault == Fault::Lost && !undone && repeat != Repeat::Reads;
        let again = match fault.again() {
            Again::No => false,
            Again::Once => true,
            Again::OnceIfHarmless => undone || repeat != Repeat::Never,
            Again::Often => {
                pause(attempt).await;
                continue;
            }
        };
        if reconnected || !again || !replaced {
            return Err(doubt.told(BackendError::new(BACKEND, fault.kind(), error)).into());
        }
        reconnected = true;
    }
    Err(doubt.told(BackendError::new(BACKEND, BackendErrorKind::Unavailable, Overtaken)).into())
}

/// The cause of a failure after all attempts were overtaken: a smaller operation may succeed.
#[derive(Debug, thiserror::Error)]
#[error("others came in between {ATTEMPTS} times")]
pub(super) struct Overtaken;

impl Overtaken {
    /// Whether an operation failed for this reason, with nothing done.
    pub(super) fn is(error: &BackendError) -> bool {
        error.source.is::<Self>()
    }
}

/// Whether something that was sent may have taken effect although its answer was lost.
#[derive(Debug, Default)]
pub(super) struct Doubt(bool);

impl Doubt {
    /// Returns `outcome`, which says that nothing was done, if that is certain.
    pub(super) fn certain<T>(&self, outcome: T) -> Result<T, BackendError> {
        let unavailable = || BackendError::new(BACKEND, BackendErrorKind::Unavailable, "the connection was lost");
        if self.0 { Err(self.told(unavailable())) } else { Ok(outcome) }
    }

    /// The caller's error. It never says that nothing was done when this or an earlier attempt may have taken effect.
    pub(super) fn told(&self, error: BackendError) -> BackendError {
        if !self.0 || InDoubt::is(&error) {
            return error;
        }
        BackendError::new(BACKEND, BackendErrorKind::Timeout, InDoubt(error.source))
    }
}

/// The cause of a failure after which the write may have happened: its answer was lost.
#[derive(Debug, thiserror::Error)]
#[error("the answer to a write was lost")]
pub(super) struct InDoubt(#[source] Arc<dyn std::error::Error + Send + Sync>);

impl InDoubt {
    /// Whether a write that failed with this error may have happened, although the failure is no time-out.
    pub(super) fn is(error: &BackendError) -> bool {
        error.source.is::<Self>()
    }
}

/// Runs `body` as one transaction. It commits when `body` succeeds, and leaves nothing behind otherwise. In a
/// transaction that is open already, `body` is a part of that one.
pub(super) async fn transaction<T, R>(
    connection: &mut AsyncPgConnection,
    body: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<T, Failure<R>>,
) -> Result<T, Failure<R>> {
    let status = AnsiTransactionManager::transaction_manager_status_mut(connection);
    if matches!(status.transaction_depth(), Ok(Some(_))) {
        return body(connection).await;
    }
    AnsiTransactionManager::begin_transaction(connection).await.map_err(Failure::Undone)?;
    match body(connection).await {
        Ok(outcome) => {
            AnsiTransactionManager::commit_transaction(connection).await?;
            Ok(outcome)
        }
        Err(failure) => {
            // If this fails too, the connection is broken, and the session notices that.
            let _ = AnsiTransactionManager::rollback_transaction(connection).await;
            Err(match failure {
                Failure::Database(error) => Failure::Undone(error),
                other => other,
            })
        }
    }
}

/// Gives other writers time to finish: longer after each attempt, and of random length, so that two writers do not
/// meet again.
async fn pause(attempt: u32) {
    let jitter = RandomState::new().hash_one(attempt) % 500;
    sleep(Duration::from_micros((500 + jitter) << attempt.min(5))).await;
}
