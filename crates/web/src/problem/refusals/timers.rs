//! Refusals of timers.

use std::error::Error;

use stint_domain::timers::ports::timer::{
    DiscardTimerError, NotLogged, StartTimerError, StopTimerError, UpdateTimerError,
};
use stint_domain::timers::services::TimerError;
use stint_domain::timers::{StartedAtError, TimerEndError};

use super::access::{Challenge, unauthorized};
use crate::problem::{Code, FieldError, Problem};

/// A problem with one field.
fn of_field(code: Code, pointer: &str, detail: String) -> Problem {
    let whole = if code == Code::ValidationFailed { format!("{pointer}: {detail}") } else { detail.clone() };
    Problem::new(code, whole).with_errors(vec![FieldError::at(pointer, detail)])
}

impl From<StartedAtError> for Problem {
    fn from(error: StartedAtError) -> Self {
        of_field(Code::ValidationFailed, "/started_at", error.to_string())
    }
}

impl<E: Error + Into<Problem>> From<TimerError<E>> for Problem {
    fn from(error: TimerError<E>) -> Self {
        match error {
            TimerError::Forbidden(missing) => missing.into(),
            TimerError::NotAPerson(error) => error.into(),
            TimerError::StartedAt(error) => error.into(),
            TimerError::Port(error) => error.into(),
        }
    }
}

impl From<StartTimerError> for Problem {
    fn from(error: StartTimerError) -> Self {
        let detail = error.to_string();
        match error {
            StartTimerError::PersonInactive(_) => unauthorized("the account was deactivated", Challenge::Invalid),
            StartTimerError::JobNotFound(_) => of_field(Code::UnknownJob, "/related_job", detail),
            StartTimerError::JobArchived(_) => of_field(Code::JobArchived, "/related_job", detail),
            StartTimerError::BeforeRunning(_) => of_field(Code::ValidationFailed, "/started_at", detail),
            StartTimerError::Running(_) => Self::new(Code::TimerNeedsStop, detail),
            StartTimerError::Backend(error) => error.into(),
        }
    }
}

impl From<UpdateTimerError> for Problem {
    fn from(error: UpdateTimerError) -> Self {
        let detail = error.to_string();
        match error {
            UpdateTimerError::NotRunning => Self::new(Code::NotFound, detail),
            UpdateTimerError::Precondition(failed) => failed.into(),
            UpdateTimerError::JobNotFound(_) => of_field(Code::UnknownJob, "/related_job", detail),
            UpdateTimerError::JobArchived(_) => of_field(Code::JobArchived, "/related_job", detail),
            UpdateTimerError::Backend(error) => error.into(),
        }
    }
}

impl From<DiscardTimerError> for Problem {
    fn from(error: DiscardTimerError) -> Self {
        match error {
            DiscardTimerError::NotRunning => Self::new(Code::NotFound, error.to_string()),
            DiscardTimerError::Precondition(failed) => failed.into(),
            DiscardTimerError::Backend(error) => error.into(),
        }
    }
}

impl From<StopTimerError> for Problem {
    fn from(error: StopTimerError) -> Self {
        match error {
            StopTimerError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            StopTimerError::NotLogged(error) => error.into(),
            StopTimerError::Backend(error) => error.into(),
        }
    }
}

impl From<NotLogged> for Problem {
    fn from(error: NotLogged) -> Self {
        let detail = error.to_string();
        match error {
            NotLogged::End(TimerEndError::Untold(_)) => Self::new(Code::TimerNeedsEnd, detail),
            NotLogged::End(TimerEndError::More(_)) => of_field(Code::ValidationFailed, "/minutes", detail),
            NotLogged::End(_) => of_field(Code::ValidationFailed, "/at", detail),
            NotLogged::JobNotFound(_) => of_field(Code::UnknownJob, "/related_job", detail),
            NotLogged::JobArchived(_) => of_field(Code::JobArchived, "/related_job", detail),
            NotLogged::EntryIdTaken(_) => Self::new(Code::IdTaken, detail),
        }
    }
}
