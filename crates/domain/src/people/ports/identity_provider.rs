//! The port to an OpenID provider.

use async_trait::async_trait;
use thiserror::Error;

use super::provider_identity::Once;
use crate::BackendError;
use crate::people::Claims;

/// Sends people to an OpenID provider, and finds out who they are when they come back (OpenID Connect Core 1.0, section
/// 3.1, with PKCE, RFC 7636).
///
/// Duties of an implementation, beside those of each method:
/// - Every fetch has limits of time and of size, and few run at the same time. Any further ones are refused as
///   [`ProviderError::Unavailable`] at once.
/// - Only tokens that are signed with RS256, ES256 or EdDSA by a key of the provider are believed, and only if the
///   issuer and the audience are the expected ones and the present is within their time, give or take 60 s.
/// - Keys are cached. A token with an unknown key makes them be fetched again, at most once a minute.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// What people call the provider.
    fn name(&self) -> String;

    /// Whether the settings say that the provider's tokens are taken in place of one of this service.
    fn takes_bearers(&self) -> bool;

    /// Begins a sign-in. The note comes back with the browser; it is text that fits into a cookie.
    async fn leave(&self, departure: Departure) -> Result<Left, ProviderError>;

    /// Ends a sign-in: checks that this browser began it, at most ten minutes ago, redeems the code, and checks the
    /// identity token.
    async fn arrive(&self, arrival: Arrival) -> Result<Arrived, ProviderError>;

    /// Who has this token, which was issued for this service's own audience.
    async fn verify(&self, token: String) -> Result<Claims, ProviderError>;

    /// Where a browser signs out at the provider, if it has such a page and can be asked.
    async fn sign_out(&self) -> Option<String>;
}

/// A browser that is to go to the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Departure {
    /// What this service wants to know when the browser comes back.
    pub note: String,
    /// A secret that the browser must have then, too.
    pub bound_to: Option<String>,
}

/// How a browser goes to the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Left {
    /// Where it goes.
    pub url: String,
    /// What it keeps meanwhile: a secret, which fits into a cookie.
    pub kept: String,
}

/// A browser that comes from the provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it kept.
    pub kept: String,
    /// The secret that it may have been bound to.
    pub bound_to: Option<String>,
    /// What the provider sent along.
    pub state: String,
    /// What the provider answered: a code, or the name of an error.
    pub answer: Result<String, String>,
    /// The issuer that the answer names (RFC 9207), if it names one.
    pub issuer: Option<String>,
}

/// Somebody whom the provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrived {
    /// Who it is.
    pub claims: Claims,
    /// The note of the departure.
    pub note: String,
    /// Whether the browser was bound to a secret, and has it still.
    pub is_bound: bool,
    /// What makes this arrival count once.
    pub once: Once,
}

/// Why the provider vouches for nobody.
#[derive(Debug, Clone, Error)]
pub enum ProviderError {
    /// The sign-in was not begun in this browser, or more than ten minutes ago.
    #[error("the sign-in was not begun in this browser, or too long ago")]
    NotBegun,
    /// The provider refused, and gave this reason.
    #[error("the provider refused: {0}")]
    Refused(String),
    /// What the provider sent, or the token, is not to be believed.
    #[error("{0}")]
    Invalid(String),
    /// The provider cannot be reached or fails.
    #[error("the provider cannot be reached")]
    Unavailable(#[source] BackendError),
}
