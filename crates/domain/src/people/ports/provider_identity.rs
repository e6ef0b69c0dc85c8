//! The port that stores which identities at providers belong to which people.

use async_trait::async_trait;
use thiserror::Error;

use super::person::{AcceptInvitationError, ChangePersonError, CreatePersonError};
use crate::BackendError;
use crate::access::{Role, SecretHash, Token};
use crate::people::{Handle, Identity, Person};
use crate::values::{PersonId, Timestamp, TokenId};

/// Stores the identities of people at OpenID providers, and signs people in by them.
///
/// Duties of an implementation, beside those of each method:
/// - Identities are in the same backend as people
///   ([`PersonRepository`](crate::people::ports::PersonRepository)) and tokens.
/// - An identity belongs to one person for ever; a person may have several.
/// - When several refusals apply, the answer is the first in the order of the error's variants. A refused command
///   changes nothing.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait IdentityRepository: Send + Sync {
    /// Finds the person to whom the identity belongs, whatever their status.
    async fn find(&self, identity: Identity) -> Result<Option<Person>, BackendError>;

    /// Signs somebody in by an identity, or links it, in one transaction. Of several commands with the same key, one is
    /// carried out, even when they race. Of several people to whom an identity is linked at the same time, one gets it.
    /// The role is set with the rules of [`PersonRepository::update`](crate::people::ports::PersonRepository::update):
    /// one active admin stays, and a role that the person has already changes nothing.
    async fn enter(&self, command: Enter) -> Result<Person, EnterError>;
}

/// Somebody comes from the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enter {
    /// Who they are there.
    pub identity: Identity,
    /// Who they are here, and how that is known.
    pub way: Way,
    /// The role that the provider gives the person.
    pub role: Option<Role>,
    /// A token of the kind `session` for the same person. Needed but where somebody is signed in already.
    pub session: Option<Token>,
    /// What makes the command happen once.
    pub once: Once,
    /// When it happens.
    pub at: Timestamp,
}

/// How somebody who comes from the provider is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// The identity belongs to this person.
    Linked(PersonId),
    /// This person is signed in, and links the identity.
    SignedIn(PersonId),
    /// The identity is linked to the person of this invitation, which is used as
    /// [`PersonRepository::accept`](crate::people::ports::PersonRepository::accept) does without a password.
    Invitation(TokenId),
    /// The identity is linked to this new person, who is created as
    /// [`PersonRepository::create`](crate::people::ports::PersonRepository::create) does without adopting a subject.
    New(Box<Person>),
}

/// A key that can be used once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Once {
    /// The key's hash.
    pub key: SecretHash,
    /// Until when the key would be taken; an implementation may forget it from then on.
    pub until: Timestamp,
}

/// Why somebody was not signed in by an identity.
#[derive(Debug, Clone, Error)]
pub enum EnterError {
    /// The key was used before.
    #[error("the sign-in was used before")]
    Used,
    /// The invitation cannot be used.
    #[error("the link is unknown, used or expired")]
    LinkUnusable,
    /// Another person has the new person's handle.
    #[error("the handle {0} is taken")]
    HandleTaken(Handle),
    /// A token or an entry has the new person's handle as its subject.
    #[error("the handle {0} is the subject of a token or of time entries")]
    SubjectTaken(Handle),
    /// The person is unknown or deactivated.
    #[error("the account is deactivated")]
    Inactive,
    /// The identity does not belong to the person.
    #[error("the identity belongs to nobody here")]
    NotLinked,
    /// The identity belongs to another person.
    #[error("the identity belongs to another account")]
    Taken,
    /// It is the last active admin, and the role would take that away.
    #[error("{0} is the last admin")]
    LastAdmin(Handle),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl From<CreatePersonError> for EnterError {
    fn from(error: CreatePersonError) -> Self {
        match error {
            CreatePersonError::HandleTaken(handle) => Self::HandleTaken(handle),
            CreatePersonError::SubjectTaken(handle) => Self::SubjectTaken(handle),
            CreatePersonError::Backend(error) => Self::Backend(error),
        }
    }
}

impl From<AcceptInvitationError> for EnterError {
    fn from(error: AcceptInvitationError) -> Self {
        match error {
            AcceptInvitationError::Unusable => Self::LinkUnusable,
            AcceptInvitationError::Backend(error) => Self::Backend(error),
        }
    }
}

impl From<ChangePersonError> for EnterError {
    fn from(error: ChangePersonError) -> Self {
        match error {
            // The role changes without a precondition.
            ChangePersonError::NotFound(_) | ChangePersonError::Precondition(_) => Self::Inactive,
            ChangePersonError::LastAdmin(handle) => Self::LastAdmin(handle),
            ChangePersonError::Backend(error) => Self::Backend(error),
        }
    }
}
