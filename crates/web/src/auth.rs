//! From the `Authorization` header to who is acting (RFC 6750).
//!
//! A token is taken from the header alone: in a query string it would end up in logs and histories.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use stint_domain::access::Principal;
use stint_domain::access::services::{AuthenticateError, Authenticator};

use crate::problem::{Code, Problem};

/// Who is acting. What they may do is another question.
pub(crate) async fn authenticate(authenticator: &Authenticator, headers: &HeaderMap) -> Result<Principal, Problem> {
    Ok(authenticator.authenticate(bearer(headers)?).await?)
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut lines = headers.get_all(header::AUTHORIZATION);
    match (lines.next(), lines.next()) {
        (Some(line), None) => line
            .to_str()
            .ok()
            .and_then(|line| line.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer"))
            .map(|(_, secret)| secret.trim())
            .ok_or_else(|| unauthorized("the Authorization header must be `Bearer` and a token", Challenge::Invalid)),
        (Some(_), Some(_)) => Err(unauthorized("the Authorization header must be given once", Challenge::Invalid)),
        (None, _) => Err(unauthorized("a token is needed: `Authorization: Bearer <token>`", Challenge::Missing)),
    }
}

#[derive(Clone, Copy)]
enum Challenge {
    /// Nothing was presented: the challenge alone, without an error (RFC 6750, section 3.1).
    Missing,
    /// What was presented is not valid.
    Invalid,
}

fn unauthorized(detail: impl Into<String>, challenge: Challenge) -> Problem {
    let value = HeaderValue::from_static(match challenge {
        Challenge::Missing => r#"Bearer realm="stint""#,
        Challenge::Invalid => r#"Bearer realm="stint", error="invalid_token""#,
    });
    Problem::new(Code::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, value)
}

/// The caller's token was revoked while the request was under way.
pub(crate) fn revoked_meanwhile() -> Problem {
    unauthorized("the token was revoked", Challenge::Invalid)
}

impl From<AuthenticateError> for Problem {
    fn from(error: AuthenticateError) -> Self {
        match error {
            AuthenticateError::Backend(error) => error.into(),
            // None of these repeats the secret.
            AuthenticateError::Malformed(_) | AuthenticateError::Unknown | AuthenticateError::Refused(_) => {
                unauthorized(error.to_string(), Challenge::Invalid)
            }
        }
    }
}
