//! Who is acting: read from the `Authorization` header (RFC 6750).
//!
//! A token in a query string is not accepted: it would end up in logs and histories.

use actix_web::http::header::{self, HeaderMap};
use stint_domain::access::Principal;
use stint_domain::access::services::Authenticator;
use stint_domain::values::TokenId;

use crate::problem::Problem;
use crate::problem::refusals::Challenge::{Invalid, Missing};
use crate::problem::refusals::unauthorized;

/// The token of a request's sender. All unknown senders count as one.
pub(crate) type Sender = Option<TokenId>;

/// What a request shows to prove who is acting. A new way, such as a cookie, is one more variant: `of` finds it, and
/// `principal` tells whom it stands for. Handlers only ask for the principal.
pub(crate) enum Credential<'r> {
    /// The secret of a token, in the `Authorization` header.
    Bearer(&'r str),
}

impl<'r> Credential<'r> {
    /// Finds it, or says how to send it.
    pub(crate) fn of(headers: &'r HeaderMap) -> Result<Self, Problem> {
        let mut lines = headers.get_all(header::AUTHORIZATION);
        let secret = match (lines.next(), lines.next()) {
            (Some(line), None) => line.to_str().ok().and_then(|line| line.split_once(' ')),
            (Some(_), Some(_)) => return Err(unauthorized("the Authorization header must be given once", Invalid)),
            (None, _) => return Err(unauthorized("a token is needed: `Authorization: Bearer <token>`", Missing)),
        };
        match secret {
            Some((scheme, secret)) if scheme.eq_ignore_ascii_case("Bearer") => Ok(Self::Bearer(secret.trim())),
            _ => Err(unauthorized("the Authorization header must be `Bearer` and a token", Invalid)),
        }
    }

    /// Who is acting, whatever they may do.
    pub(crate) async fn principal(self, authenticator: &Authenticator) -> Result<Principal, Problem> {
        match self {
            Self::Bearer(secret) => Ok(authenticator.authenticate(secret).await?),
        }
    }
}
