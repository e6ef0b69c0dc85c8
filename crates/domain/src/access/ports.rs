//! Where tokens are stored, and where secrets come from.

pub mod secrets;
pub mod token;

use std::sync::Arc;

pub use secrets::Secrets;
pub use token::TokenRepository;
#[cfg(any(test, feature = "mocks"))]
pub use {secrets::MockSecrets, token::MockTokenRepository};

/// What the use cases on access need.
#[derive(Clone)]
pub struct AccessPorts {
    /// Tokens.
    pub tokens: Arc<dyn TokenRepository>,
    /// New secrets, and their hashes.
    pub secrets: Arc<dyn Secrets>,
}

#[cfg(any(test, feature = "mocks"))]
impl AccessPorts {
    /// Ports that expect no call.
    pub fn mocks() -> Self {
        Self { tokens: Arc::new(MockTokenRepository::new()), secrets: Arc::new(MockSecrets::new()) }
    }
}
