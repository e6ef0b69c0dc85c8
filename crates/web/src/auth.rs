//! From what a request shows to who is acting: the `Authorization` header (RFC 6750).
//!
//! A token is taken from the header alone: in a query string it would end up in logs and histories.

use actix_web::http::header::{self, HeaderMap};
use stint_domain::access::Principal;
use stint_domain::access::services::Authenticator;
use stint_domain::values::TokenId;

use crate::problem::Problem;
use crate::problem::refusals::{Challenge, unauthorized};

/// By whose token a request is, if anybody is known: all others are one.
pub(crate) type Sender = Option<TokenId>;

/// What a request shows to tell who is acting. A way that is added, such as a cookie, is one more variant: where it is
/// found, `of` says, and whom it stands for, `principal`. Handlers ask for the principal alone.
pub(crate) enum Credential<'r> {
    /// The secret of a token, in the `Authorization` header.
    Bearer(&'r str),
}

impl<'r> Credential<'r> {
    /// What the request shows, or how it could.
    pub(crate) fn of(headers: &'r HeaderMap) -> Result<Self, Problem> {
        bearer(headers).map(Self::Bearer)
    }

    /// Who is acting. What they may do is another question.
    pub(crate) async fn principal(self, authenticator: &Authenticator) -> Result<Principal, Problem> {
        match self {
            Self::Bearer(secret) => Ok(authenticator.authenticate(secret).await?),
        }
    }
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
