//! Where tokens are kept.

use async_trait::async_trait;
use thiserror::Error;

use super::BackendError;
use crate::token::{SecretHash, Token};
use crate::values::{Timestamp, TokenId};

/// Keeps tokens. They are never deleted, so that what they did can be traced.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TokenRepository: Send + Sync {
    /// Stores a new token. One whose id or hash is taken is refused or ignored: the first stays as it is.
    async fn create(&self, token: Token) -> Result<(), BackendError>;

    /// Marks a token as revoked at `at`, and answers with it. One that is revoked already keeps its first moment.
    async fn revoke(&self, id: TokenId, at: Timestamp) -> Result<Token, RevokeTokenError>;

    /// The token with this hash, expired or revoked ones too. An implementation may answer from a cache, but a
    /// revocation shows within 5 seconds on every instance.
    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError>;

    /// All tokens, oldest first.
    async fn list(&self) -> Result<Vec<Token>, BackendError>;
}

/// Why a token was not revoked.
#[derive(Debug, Clone, Error)]
pub enum RevokeTokenError {
    /// There is no such token.
    #[error("there is no token {0}")]
    NotFound(TokenId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
