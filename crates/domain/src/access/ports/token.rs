//! Where tokens are kept.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::access::{SecretHash, Token, TokenName};
use crate::page::{Page, PageSize};
use crate::values::{JobId, Timestamp, TokenId};

/// Keeps tokens. They are never deleted, so that what they did can be traced.
///
/// An implementation owes, beside what each method says:
/// - Writes that race happen one after the other: none undoes what another one did, and of tokens with one id or one hash
///   that are made at once, one is stored.
/// - Where pings are captured, the tokens are in the same backend as the pings: [`PingRepository`](crate::capture::ports::PingRepository)
///   reads their rules, and changes when they were last used, in its own transactions. Without capture they may live
///   elsewhere than the ledger.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TokenRepository: Send + Sync {
    /// Stores a new token. One whose id or hash is taken is refused or ignored: the first stays as it is. One that was
    /// made by a revoked or unknown token is refused, also when its maker's revocation races with it: where that takes
    /// along what was made, no token stays usable that a revoked one made.
    async fn create(&self, token: Token) -> Result<(), CreateTokenError>;

    /// Marks a token as revoked, together with those that it made and that are to go with it, and answers with it. Each
    /// one that is revoked already keeps its first moment; what a revoked token made is taken along all the same.
    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, RevokeTokenError>;

    /// Changes the fields that are named, and answers with the token. What it counts for and may do never changes.
    async fn update(&self, command: UpdateToken) -> Result<Token, UpdateTokenError>;

    /// The token, expired or revoked ones too.
    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError>;

    /// The token with this hash, expired or revoked ones too. An implementation may answer from a cache, but a
    /// revocation shows within 5 seconds on every instance, and a new token at once on the one that created it.
    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<Token>, BackendError>;

    /// All tokens, oldest first: by `created_at`, then by id. Stable as other listings are.
    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError>;

    /// Tokens that capture, latest first: by `created_at`, then by id, both descending. Stable as other listings are.
    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError>;
}

/// Revoke a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokeToken {
    /// Which.
    pub id: TokenId,
    /// When.
    pub at: Timestamp,
    /// What becomes of the tokens that it made.
    pub made: Made,
}

/// What becomes of the tokens that a revoked one made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Made {
    /// They are revoked with it: whoever holds the secret of their maker may hold theirs.
    #[default]
    Revoke,
    /// They stay as they are.
    Keep,
}

/// A token that is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The token.
    pub token: Token,
    /// How many of those that it made were revoked with it just now. They are not counted again when the answer of a
    /// commit was lost and the revocation was repeated: then they were revoked, and this may be 0.
    pub made: u64,
}

/// Change a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateToken {
    /// Which.
    pub id: TokenId,
    /// What is to be different.
    pub changes: TokenChanges,
}

/// The fields of a token to change; none means that it stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenChanges {
    /// Another name.
    pub name: Option<TokenName>,
    /// Another end.
    pub expiry: Option<Expiry>,
}

/// When a token ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It lasts until it is revoked.
    Never,
    /// From this moment on it is refused.
    At(Timestamp),
}

impl TokenChanges {
    /// Whether nothing is to be different.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.expiry.is_none()
    }
}

impl Expiry {
    /// The moment, if there is one.
    pub const fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(moment) => Some(moment),
        }
    }
}

/// Which page of all tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListTokens {
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<TokenCursor>,
}

/// Which tokens that capture, and which page of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListCapturing {
    /// Only those that are bound to this job.
    pub related_job: Option<JobId>,
    /// How many at most.
    pub size: PageSize,
    /// Only those after this place.
    pub after: Option<TokenCursor>,
}

/// A place in a listing of tokens: right after the token that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenCursor {
    /// When it was created.
    pub created_at: Timestamp,
    /// Its id, which breaks ties.
    pub id: TokenId,
}

impl From<&Token> for TokenCursor {
    fn from(token: &Token) -> Self {
        Self { created_at: token.created_at, id: token.id }
    }
}

/// Why a token was not created.
#[derive(Debug, Clone, Error)]
pub enum CreateTokenError {
    /// The token that makes it is revoked, or there is none.
    #[error("the token {0}, which makes it, is revoked or unknown")]
    MakerRevoked(TokenId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a token was not changed.
#[derive(Debug, Clone, Error)]
pub enum UpdateTokenError {
    /// There is no such token.
    #[error("there is no token {0}")]
    NotFound(TokenId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
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
