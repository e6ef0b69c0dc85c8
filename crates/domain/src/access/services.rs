//! Use cases on tokens, and authentication.

mod authentication;
mod token;

pub use authentication::{AuthenticateError, Authenticator};
pub use token::{Grant, TokenDraft, TokenService};

use super::ports::AccessPorts;
use crate::Sources;

/// All use cases of access.
#[derive(Clone)]
pub struct AccessServices {
    /// On tokens.
    pub tokens: TokenService,
    /// From a secret to who is acting.
    pub authenticator: Authenticator,
}

impl AccessServices {
    /// The use cases over these ports.
    pub fn over(ports: &AccessPorts, sources: &Sources) -> Self {
        Self { tokens: TokenService::new(ports, sources), authenticator: Authenticator::new(ports, sources) }
    }
}
