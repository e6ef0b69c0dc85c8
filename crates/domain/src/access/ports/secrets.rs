//! Token secrets and their hashes.

use crate::BackendError;
use crate::access::{SecretHash, TokenKind, TokenSecret};

/// Makes and hashes secrets.
///
/// Duties of an implementation: each secret comes from the operating system's secure random source, with 32 bytes, or
/// with 122 bits for a capture token; the hash is SHA-256.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
pub trait Secrets: Send + Sync {
    /// A new secret of a token of this kind. A capture token's is a `UUIDv4`, because the tools that send pings accept no
    /// other form.
    fn generate(&self, kind: TokenKind) -> Result<TokenSecret, BackendError>;

    /// The hash by which a secret is stored and looked up.
    fn hash(&self, secret: &TokenSecret) -> SecretHash;
}
