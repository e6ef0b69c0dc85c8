//! Who is acting: read from the `Authorization` header (RFC 6750), or else from the cookie of a session.
//!
//! A token in a query string is not accepted: it would end up in logs and histories.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap};
use stint_domain::access::services::AuthenticateError;
use stint_domain::access::{MissingScope, Principal, Scope};
use stint_domain::values::TokenId;

use crate::Api;
use crate::problem::Problem;
use crate::problem::refusals::Challenge::{Invalid, Missing};
use crate::problem::refusals::unauthorized;
use crate::surface::Surface;

/// The token of a request's sender. All unknown senders count as one.
pub(crate) type Sender = Option<TokenId>;

/// What a route needs of its caller.
pub(crate) trait Needed {
    /// Fails unless the principal has it. The services check this again; here it is checked before a body is read.
    fn of(self, principal: &Principal) -> Result<(), MissingScope>;
}

impl Needed for Scope {
    fn of(self, principal: &Principal) -> Result<(), MissingScope> {
        principal.require(self)
    }
}

/// Whoever it is.
pub(crate) struct Anybody;

impl Needed for Anybody {
    fn of(self, _: &Principal) -> Result<(), MissingScope> {
        Ok(())
    }
}

/// This scope, or `own` for what is the caller's own.
pub(crate) struct OrOwn(pub(crate) Scope);

impl Needed for OrOwn {
    fn of(self, principal: &Principal) -> Result<(), MissingScope> {
        principal.require(self.0).or_else(|missing| principal.require(Scope::Own).or(Err(missing)))
    }
}

/// What a request shows to prove who is acting. A new way is one more variant: `of` finds it, and `principal` tells whom it
/// stands for. Handlers only ask for the principal.
pub(crate) enum Credential<'r> {
    /// The secret of a token, in the `Authorization` header.
    Bearer(&'r str),
    /// The secret of a session, in a cookie.
    Session(&'r str),
}

impl<'r> Credential<'r> {
    /// Finds it, or says how to send it. A cookie counts only where there is no `Authorization`, and a change by a cookie
    /// must come from a page of this service.
    pub(crate) fn of(request: &'r HttpRequest, surface: &Surface) -> Result<Self, Problem> {
        let headers = request.headers();
        if let (None, Some(secret)) = (headers.get(header::AUTHORIZATION), surface.session_of(headers)) {
            if !request.method().is_safe() {
                surface.require_same_origin(request)?;
            }
            return Ok(Self::Session(secret));
        }
        Self::of_header(headers)
    }

    fn of_header(headers: &'r HeaderMap) -> Result<Self, Problem> {
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
    pub(crate) async fn principal(self, api: &Api) -> Result<Principal, Problem> {
        let authenticator = &api.access.authenticator;
        match self {
            Self::Bearer(token) if is_jwt(token) && api.people.provider.takes_bearers() => {
                Ok(api.people.provider.authenticate(token.to_owned()).await?)
            }
            Self::Bearer(secret) => Ok(authenticator.authenticate(secret).await?),
            Self::Session(secret) => match authenticator.authenticate_session(secret).await {
                Err(AuthenticateError::Backend(error)) => Err(error.into()),
                Err(_) => Err(unauthorized("the session is unknown or has ended; sign in again", Missing)),
                Ok(principal) => Ok(principal),
            },
        }
    }
}

/// Whether it may be a token of the provider. The secrets of this service have a prefix, so they are told apart at
/// once.
fn is_jwt(token: &str) -> bool {
    !token.starts_with("stint_") && token.bytes().filter(|byte| *byte == b'.').count() == 2
}
