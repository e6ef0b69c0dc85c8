//! Refusals of accounts, of sign-ins and of links.

use std::error::Error;

use actix_web::http::header::{self, HeaderValue};
use stint_domain::people::ports::passwords::HashPasswordError;
use stint_domain::people::ports::person::{ChangePersonError, CreatePersonError, InviteError};
use stint_domain::people::services::{
    AcceptError, ChangePasswordError, NoPasswords, NotAPerson, SelfError, SignInError, TooManyGuesses,
};

use crate::problem::{Code, FieldError, Problem};

impl From<CreatePersonError> for Problem {
    fn from(error: CreatePersonError) -> Self {
        match error {
            CreatePersonError::HandleTaken(_) | CreatePersonError::SubjectTaken(_) => {
                let detail = error.to_string();
                let field = FieldError::at("/handle", detail.clone());
                Self::new(Code::HandleTaken, detail).with_errors(vec![field])
            }
            CreatePersonError::Backend(error) => error.into(),
        }
    }
}

impl From<ChangePersonError> for Problem {
    fn from(error: ChangePersonError) -> Self {
        match error {
            ChangePersonError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            ChangePersonError::Precondition(failed) => failed.into(),
            ChangePersonError::LastAdmin(_) => Self::new(Code::LastAdmin, error.to_string()),
            ChangePersonError::Backend(error) => error.into(),
        }
    }
}

impl From<InviteError> for Problem {
    fn from(error: InviteError) -> Self {
        match error {
            InviteError::NotFound(_) => Self::new(Code::NotFound, error.to_string()),
            InviteError::Deactivated(_) => Self::new(Code::PersonDeactivated, error.to_string()),
            InviteError::Backend(error) => error.into(),
        }
    }
}

impl From<NotAPerson> for Problem {
    fn from(error: NotAPerson) -> Self {
        Self::new(Code::NotAPerson, error.to_string())
    }
}

impl<E: Error + Into<Problem>> From<SelfError<E>> for Problem {
    fn from(error: SelfError<E>) -> Self {
        match error {
            SelfError::NotAPerson(error) => error.into(),
            SelfError::Port(error) => error.into(),
        }
    }
}

impl From<NoPasswords> for Problem {
    fn from(error: NoPasswords) -> Self {
        Self::new(Code::LocalPasswordsOff, error.to_string())
    }
}

impl From<TooManyGuesses> for Problem {
    fn from(error: TooManyGuesses) -> Self {
        // Rounded up, so that who waits so long is let through.
        let seconds = error.retry_after.as_millis().div_ceil(1000);
        let problem = Self::new(Code::TooManyGuesses, error.to_string());
        match HeaderValue::try_from(seconds.to_string()) {
            Ok(value) => problem.with_header(header::RETRY_AFTER, value),
            Err(_) => problem,
        }
    }
}

/// The handle or a password is wrong. A 401 names a way to authenticate (RFC 9110, section 15.5.2).
fn wrong(detail: String) -> Problem {
    let challenge = HeaderValue::from_static(r#"Bearer realm="stint""#);
    Problem::new(Code::SignInFailed, detail).with_header(header::WWW_AUTHENTICATE, challenge)
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Wrong => wrong(error.to_string()),
            SignInError::TooMany(error) => error.into(),
            SignInError::NoPasswords(error) => error.into(),
            SignInError::Backend(error) => error.into(),
        }
    }
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Wrong => wrong(error.to_string()),
            ChangePasswordError::TooMany(error) => error.into(),
            ChangePasswordError::NoPasswords(error) => error.into(),
            ChangePasswordError::TooWeak(why) => too_weak("/new_password", why),
            ChangePasswordError::Backend(error) => error.into(),
        }
    }
}

impl From<AcceptError> for Problem {
    fn from(error: AcceptError) -> Self {
        match error {
            AcceptError::Unusable => {
                let detail = error.to_string();
                Self::new(Code::LinkUnusable, detail.clone()).with_errors(vec![FieldError::at("/secret", detail)])
            }
            AcceptError::NoPasswords(error) => error.into(),
            AcceptError::Password(HashPasswordError::Backend(error)) | AcceptError::Backend(error) => error.into(),
            AcceptError::Password(weak) => too_weak("/password", weak.to_string()),
        }
    }
}

fn too_weak(pointer: &str, why: String) -> Problem {
    let detail = format!("{pointer}: {why}");
    Problem::new(Code::ValidationFailed, detail).with_errors(vec![FieldError::at(pointer, why)])
}
