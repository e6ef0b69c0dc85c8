//! The error of a use case: the service refused, or the port did.

use thiserror::Error;

use crate::access::MissingScope;

/// Why a use case failed. `E` is the port's own error.
#[derive(Debug, Clone, Error)]
pub enum ServiceError<E: std::error::Error> {
    /// The principal lacks the scope.
    #[error(transparent)]
    Forbidden(MissingScope),
    /// The port refused or failed.
    #[error(transparent)]
    Port(E),
}

impl<E: std::error::Error> ServiceError<E> {
    /// Widens the port's error to one that has more cases.
    pub fn map<F: std::error::Error>(self, widen: impl FnOnce(E) -> F) -> ServiceError<F> {
        match self {
            Self::Forbidden(missing) => ServiceError::Forbidden(missing),
            Self::Port(error) => ServiceError::Port(widen(error)),
        }
    }
}
