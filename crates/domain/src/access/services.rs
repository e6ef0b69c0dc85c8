//! Use cases on tokens, and authentication.

mod authentication;
mod token;

pub use authentication::{AuthenticateError, Authenticator};
pub use token::{CapturingTokenDraft, TokenDraft, TokenService};

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
    pub fn over(AccessPorts { tokens, secrets }: &AccessPorts, Sources { clock, ids }: &Sources) -> Self {
        Self {
            tokens: TokenService::new(tokens.clone(), secrets.clone(), clock.clone(), ids.clone()),
            authenticator: Authenticator::new(tokens.clone(), secrets.clone(), clock.clone()),
        }
    }
}
