//! Refused before it reached a port, or by it.

use thiserror::Error;

use crate::access::MissingScope;

/// Why a use case was not carried out; `E` is the port's own error.
#[derive(Debug, Clone, Error)]
pub enum ServiceError<E: std::error::Error> {
    /// The principal may not do that.
    #[error(transparent)]
    Forbidden(MissingScope),
    /// The port refused or failed.
    #[error(transparent)]
    Port(E),
}

impl<E: std::error::Error> ServiceError<E> {
    /// The same refusal where the port's error is part of a wider one.
    pub fn map<F: std::error::Error>(self, widen: impl FnOnce(E) -> F) -> ServiceError<F> {
        match self {
            Self::Forbidden(missing) => ServiceError::Forbidden(missing),
            Self::Port(error) => ServiceError::Port(widen(error)),
        }
    }
}
