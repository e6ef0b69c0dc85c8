//! Refusals of unknown callers, of missing scopes, and of changes to tokens.

use actix_web::http::header::{self, HeaderValue};
use stint_domain::access::MissingScope;
use stint_domain::access::ports::token::{ChangeTokenError, CreateTokenError};
use stint_domain::access::services::AuthenticateError;

use crate::problem::{Code, Problem};

/// What `WWW-Authenticate` says.
#[derive(Clone, Copy)]
pub(crate) enum Challenge {
    /// No token was sent: the challenge has no error (RFC 6750, section 3.1).
    Missing,
    /// The token that was sent is not valid.
    Invalid,
}

/// Nobody is known to be acting.
pub(crate) fn unauthorized(detail: impl Into<String>, challenge: Challenge) -> Problem {
    let value = HeaderValue::from_static(match challenge {
        Challenge::Missing => r#"Bearer realm="stint""#,
        Challenge::Invalid => r#"Bearer realm="stint", error="invalid_token""#,
    });
    Problem::new(Code::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, value)
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Backend(error) => error.into(),
            // None of these messages repeats the secret.
            AuthenticateError::Malformed(_) | AuthenticateError::Unknown | AuthenticateError::Refused(_) => {
                unauthorized(error.to_string(), Challenge::Invalid)
            }
        }
    }
}

impl From<MissingScope> for Problem {
    fn from(missing: MissingScope) -> Self {
        let challenge = format!(r#"Bearer realm="stint", error="insufficient_scope", scope="{}""#, missing.scope);
        let problem = Self::new(Code::Forbidden, missing.to_string());
        match HeaderValue::from_str(&challenge) {
            Ok(value) => problem.with_header(header::WWW_AUTHENTICATE, value),
            Err(_) => problem,
        }
    }
}

impl From<CreateTokenError> for Problem {
    fn from(error: CreateTokenError) -> Self {
        match error {
            // The token is the caller's own.
            CreateTokenError::MakerRevoked(_) => unauthorized("the token was revoked", Challenge::Invalid),
            CreateTokenError::PersonInactive(_) => unauthorized("the account was deactivated", Challenge::Invalid),
            CreateTokenError::SubjectIsPersons(_) => Self::new(Code::HandleTaken, error.to_string()),
            CreateTokenError::Backend(error) => error.into(),
        }
    }
}

impl From<ChangeTokenError> for Problem {
    fn from(error: ChangeTokenError) -> Self {
        match error {
            ChangeTokenError::NotFound(_) => Self::no_token(),
            ChangeTokenError::Backend(error) => error.into(),
        }
    }
}

impl Problem {
    /// The id is not repeated: it may be the secret, sent by mistake.
    pub(crate) fn no_token() -> Self {
        Self::new(Code::NotFound, "there is no token with this id")
    }
}
