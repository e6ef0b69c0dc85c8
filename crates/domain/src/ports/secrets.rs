//! Token secrets and their hashes.

use crate::ports::BackendError;
use crate::token::{SecretHash, TokenSecret};

/// Makes and hashes secrets.
///
/// An implementation owes: 32 bytes from the operating system's secure random source for each secret, and SHA-256 as
/// the hash.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Secrets: Send + Sync {
    /// A new secret.
    fn generate(&self) -> Result<TokenSecret, BackendError>;

    /// The hash under which a secret is stored and looked up.
    fn hash(&self, secret: &TokenSecret) -> SecretHash;
}
