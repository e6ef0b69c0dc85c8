//! Refusals of capturing: capture tokens of a job, pings.

use stint_domain::capture::ports::ping::RetractPingError;
use stint_domain::capture::services::{JobOfTokenError, TakeBackError};

use crate::problem::{Code, Problem};

impl From<JobOfTokenError> for Problem {
    fn from(error: JobOfTokenError) -> Self {
        match error {
            JobOfTokenError::JobNotFound(_) => Self::new(Code::NotFound, error.to_string()),
            JobOfTokenError::Create(error) => error.into(),
            JobOfTokenError::Backend(error) => error.into(),
        }
    }
}

impl From<TakeBackError> for Problem {
    fn from(error: TakeBackError) -> Self {
        match error {
            TakeBackError::Queued(_) => Self::new(Code::PingQueued, format!("{error}; try again in a moment")),
            TakeBackError::Retract(RetractPingError::NotFound(_)) => Self::no_ping(),
            TakeBackError::Retract(RetractPingError::JobArchived(_)) => {
                Self::new(Code::JobArchived, error.to_string()).for_readers()
            }
            TakeBackError::Retract(RetractPingError::EntryDetached(_)) => {
                Self::new(Code::EntryDetached, error.to_string()).for_readers()
            }
            TakeBackError::Retract(RetractPingError::Backend(error)) => error.into(),
        }
    }
}

impl Problem {
    /// The id is not repeated: it may be a secret, sent by mistake.
    pub(crate) fn no_ping() -> Self {
        Self::new(Code::NotFound, "there is no ping with this id")
    }
}
