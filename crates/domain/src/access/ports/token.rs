//! The port that stores tokens.

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::access::{SecretHash, Standing, Token, TokenKind, TokenName};
use crate::page::{Page, PageSize, cursor};
use crate::values::{JobId, PersonId, Subject, Timestamp, TokenId};

/// Stores tokens. They are never deleted, so that their use can be traced, except for sessions and invitations: those are
/// pruned some time after their end ([`Housekeeping`](crate::background::ports::Housekeeping)).
///
/// Duties of an implementation, beside those of each method:
/// - Racing writes happen one after the other: none undoes another. Of several tokens with the same id or hash that
///   are created at the same time, one is stored.
/// - Where pings are captured, the tokens are in the same backend as the pings:
///   [`PingRepository`](crate::capture::ports::PingRepository) reads their rules, and updates when they were last
///   used, in its own transactions. Without capture, tokens may be stored elsewhere than the ledger.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait TokenRepository: Send + Sync {
    /// Stores a new token. If its id or hash is taken, the new one is refused or ignored, and the first one stays as
    /// it is. A token is also refused when its maker is unknown or revoked, even when the revocation races with this
    /// call. So no token that a revoked one made stays usable, where the revocation includes them. In the same way it is
    /// refused when its person is unknown or not active, even when a deactivation races with this call; and when it is
    /// nobody's and its subject is a person's handle, in whatever case.
    async fn create(&self, token: Token) -> Result<(), CreateTokenError>;

    /// Marks a token as revoked, and on request the tokens that it made, and returns it. A token that is revoked
    /// already keeps its first moment of revocation; those that it made are revoked all the same.
    async fn revoke(&self, command: RevokeToken) -> Result<Revoked, ChangeTokenError>;

    /// Changes the given fields and returns the token. Its rule and scopes never change.
    async fn update(&self, command: UpdateToken) -> Result<Token, ChangeTokenError>;

    /// Finds the token, also when it is expired or revoked.
    async fn find(&self, id: TokenId) -> Result<Option<Token>, BackendError>;

    /// Finds the token with this hash, also when it is expired or revoked, and what its person's account allows. An
    /// implementation may answer from a cache, but a revocation, another role and a deactivation are visible within 5
    /// seconds on every instance, and a new token at once on the instance that created it.
    async fn find_by_hash(&self, hash: SecretHash) -> Result<Option<KnownToken>, BackendError>;

    /// Notes that a session was used, and until when it lasts now. It does nothing to a token that is revoked or of another
    /// kind.
    async fn touch(&self, command: TouchSession) -> Result<(), BackendError>;

    /// Lists tokens, oldest first: by `created_at`, then by id. As stable as other listings.
    async fn list(&self, query: ListTokens) -> Result<Page<Token, TokenCursor>, BackendError>;

    /// Lists capture tokens, latest first: by `created_at`, then by id, both descending. As stable as other listings.
    async fn list_capturing(&self, query: ListCapturing) -> Result<Page<Token, TokenCursor>, BackendError>;
}

/// A token, and the present standing of the person whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownToken {
    /// The token.
    pub token: Token,
    /// Present exactly when the token is a person's.
    pub standing: Option<Standing>,
}

/// Note that a session was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TouchSession {
    /// The session.
    pub id: TokenId,
    /// When it was used. An earlier moment than the stored one changes nothing.
    pub at: Timestamp,
    /// Until when it lasts now.
    pub expires_at: Timestamp,
}

/// Revoke a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RevokeToken {
    /// The token to revoke.
    pub id: TokenId,
    /// The moment of revocation that is stored.
    pub at: Timestamp,
    /// What happens to the tokens that it made.
    pub made: Made,
}

/// What happens to the tokens that a revoked token made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Made {
    /// They are revoked too: whoever holds their maker's secret may hold theirs.
    #[default]
    Revoke,
    /// They stay as they are.
    Keep,
}

/// The answer to a revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The revoked token.
    pub token: Token,
    /// How many of the tokens that it made this call revoked. When a commit's answer was lost and the revocation is
    /// repeated, this may be 0, because the first call revoked them.
    pub made: u64,
}

/// Change a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdateToken {
    /// The token to change.
    pub id: TokenId,
    /// The new values.
    pub changes: TokenChanges,
}

/// The fields of a token to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TokenChanges {
    /// The new name.
    pub name: Option<TokenName>,
    /// The new expiry.
    pub expiry: Option<Expiry>,
}

/// When a token expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expiry {
    /// It is valid until it is revoked.
    Never,
    /// It is refused from this moment on.
    At(Timestamp),
}

impl TokenChanges {
    /// Whether no field is given.
    pub const fn is_empty(&self) -> bool {
        self.name.is_none() && self.expiry.is_none()
    }
}

impl Expiry {
    /// The moment of expiry; `None` for [`Self::Never`].
    pub const fn moment(self) -> Option<Timestamp> {
        match self {
            Self::Never => None,
            Self::At(moment) => Some(moment),
        }
    }
}

/// The query of a page of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListTokens {
    /// Only tokens of this kind.
    pub kind: Option<TokenKind>,
    /// Only this person's tokens.
    pub person: Option<PersonId>,
    /// The most tokens on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<TokenCursor>,
}

/// The query of a page of capture tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListCapturing {
    /// Only tokens that are bound to this job.
    pub related_job: Option<JobId>,
    /// Only tokens that speak for this subject.
    pub subject: Option<Subject>,
    /// The most tokens on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<TokenCursor>,
}

cursor! {
    /// The place in a listing of tokens right after the token that it names.
    TokenCursor: after Token, by created_at: Timestamp, id: TokenId
}

/// Why a token was not created.
#[derive(Debug, Clone, Error)]
pub enum CreateTokenError {
    /// The token that makes it is revoked or does not exist.
    #[error("the token {0}, which makes it, is revoked or unknown")]
    MakerRevoked(TokenId),
    /// The person whose it would be is deactivated or does not exist.
    #[error("the person {0}, whose it would be, is deactivated or unknown")]
    PersonInactive(PersonId),
    /// It is nobody's, and its subject is a person's handle.
    #[error("the subject {0} is the handle of a person")]
    SubjectIsPersons(Subject),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a token was not changed or revoked.
#[derive(Debug, Clone, Error)]
pub enum ChangeTokenError {
    /// There is no such token.
    #[error("there is no token {0}")]
    NotFound(TokenId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
