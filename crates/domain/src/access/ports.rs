//! Where tokens are stored, and where secrets come from.

pub mod secrets;
pub mod token;

pub use secrets::Secrets;
pub use token::TokenRepository;
#[cfg(any(test, feature = "mocks"))]
pub use {secrets::MockSecrets, token::MockTokenRepository};
