//! What each refusal of the domain becomes: one file per feature. Here is what all features share.

mod access;
mod capture;
mod ledger;
mod people;
mod provider;
mod timers;

use std::error::Error;

use stint_domain::{BackendError, BackendErrorKind, NotReady, ServiceError};

use super::{Code, Problem};

pub(crate) use access::{Challenge, unauthorized};

impl From<BackendError> for Problem {
    fn from(cause: BackendError) -> Self {
        let problem = match cause.kind {
            BackendErrorKind::Unavailable => return Self::unavailable(cause),
            BackendErrorKind::Timeout => {
                Self::new(Code::Unavailable, "a backend took too long; a write may have happened all the same")
            }
            BackendErrorKind::Corrupt | BackendErrorKind::Internal => Self::internal(),
        };
        Self { cause: Some(cause), ..problem }
    }
}

impl From<NotReady> for Problem {
    fn from(error: NotReady) -> Self {
        match error {
            NotReady::Behind(_) | NotReady::Ahead(_) => Self::new(Code::Unavailable, error.to_string()),
            NotReady::Backend(error) => Self::unavailable(error),
        }
    }
}

impl<E: Error + Into<Problem>> From<ServiceError<E>> for Problem {
    fn from(error: ServiceError<E>) -> Self {
        match error {
            ServiceError::Forbidden(missing) => missing.into(),
            ServiceError::Port(error) => error.into(),
        }
    }
}
