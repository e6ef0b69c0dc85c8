//! Token secrets and their hashes.

use crate::BackendError;
use crate::access::{SecretHash, TokenSecret};

/// Makes and hashes secrets.
///
/// An implementation owes: 32 bytes from the operating system's secure random source for each secret, 122 bits for
/// each one of capture, and SHA-256 as the hash.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Secrets: Send + Sync {
    /// A new secret.
    fn generate(&self) -> Result<TokenSecret, BackendError>;

    /// A new secret of a capture token: a `UUIDv4`, because tools that capture time take no other shape.
    fn generate_for_capture(&self) -> Result<TokenSecret, BackendError>;

    /// The hash under which a secret is stored and looked up.
    fn hash(&self, secret: &TokenSecret) -> SecretHash;
}
