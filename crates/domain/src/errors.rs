//! The errors that every feature shares. A failure behind a port has a kind for programs, and a cause for operators.

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use thiserror::Error;

use crate::access::MissingScope;

/// A failure behind a port. It can be cloned, because one failed group of writes answers many callers.
#[derive(Debug, Clone, Error)]
#[error("{backend}: {kind}")]
pub struct BackendError {
    /// The adapter's name: `postgres`, `sqlite`, `memory`, ...
    pub backend: &'static str,
    /// Tells a program how to react.
    pub kind: BackendErrorKind,
    /// Tells an operator the cause. API consumers never see it.
    #[source]
    pub source: Arc<dyn Error + Send + Sync>,
}

impl BackendError {
    /// An error of `backend` with its cause.
    pub fn new(backend: &'static str, kind: BackendErrorKind, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { backend, kind, source: Arc::from(source.into()) }
    }

    /// A stored row that does not parse.
    pub fn corrupt(backend: &'static str, corrupt: Corrupt) -> Self {
        Self::new(backend, BackendErrorKind::Corrupt, corrupt)
    }
}

/// The kinds of failure, by how a program should react.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BackendErrorKind {
    /// The backend cannot be reached or takes no more work: try again later.
    Unavailable,
    /// The backend took too long. The write may have happened: send it again with the same id or key.
    Timeout,
    /// A stored row does not parse. An operator must look.
    Corrupt,
    /// Anything else, such as a defect. An operator must look.
    Internal,
}

impl fmt::Display for BackendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "unavailable",
            Self::Timeout => "timed out",
            Self::Corrupt => "corrupt data",
            Self::Internal => "internal error",
        })
    }
}

/// A stored row that does not parse. It is reported as an error, never as a panic or a default value.
#[derive(Debug, Error)]
#[error("{table}.{column} of {id} holds {value}")]
pub struct Corrupt {
    /// The table of the row.
    pub table: &'static str,
    /// The column that does not parse.
    pub column: &'static str,
    /// The row's id.
    pub id: String,
    /// The column's value, for an operator to see.
    pub value: String,
    /// Why it does not parse.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Why a use case failed. `E` is the port's own error.
#[derive(Debug, Clone, Error)]
pub enum ServiceError<E: Error> {
    /// The principal lacks the scope.
    #[error(transparent)]
    Forbidden(#[from] MissingScope),
    /// The port refused or failed.
    #[error(transparent)]
    Port(E),
}

impl<E: Error> ServiceError<E> {
    /// Widens the port's error to one that has more cases.
    pub fn map<F: Error>(self, widen: impl FnOnce(E) -> F) -> ServiceError<F> {
        match self {
            Self::Forbidden(missing) => ServiceError::Forbidden(missing),
            Self::Port(error) => ServiceError::Port(widen(error)),
        }
    }
}
