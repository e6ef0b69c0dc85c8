//! The port that stores people.

use std::num::NonZeroU32;

use async_trait::async_trait;
use thiserror::Error;

use crate::BackendError;
use crate::access::{Role, Token};
use crate::ledger::{Precondition, PreconditionFailed};
use crate::page::{Page, PageSize, cursor};
use crate::people::{Email, Handle, PasswordHash, Person, PersonName, PersonStatus, WeekStart};
use crate::values::{PersonId, Subject, Timestamp, TokenId, Zone};

/// Stores people and their passwords' hashes. People are never deleted.
///
/// Duties of an implementation, beside those of each method:
/// - People are in the same backend as tokens ([`TokenRepository`](crate::access::ports::TokenRepository)): sessions and
///   invitations are tokens, and the methods here that write them do so in one transaction with the person.
/// - A new person has the version [`Version::initial`](crate::values::Version::initial) of its creation. Every change of a
///   person's fields sets the next version and `updated_at`, which never goes back. A password is none of these fields.
/// - Racing writes happen one after the other: none undoes another. A session that ends here is refused within the time
///   that [`TokenRepository::find_by_hash`](crate::access::ports::TokenRepository::find_by_hash) allows.
/// - When several refusals apply, the answer is the first in the order of the error's variants.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PersonRepository: Send + Sync {
    /// Stores a new person without a password, and the invitation, if there is one. Of several people with the same folded
    /// handle that are created at the same time, one is stored. Unless the command adopts it, a subject that a token or an
    /// entry has, in whatever case, is refused as a handle, even when the token is created at the same time.
    async fn create(&self, command: CreatePerson) -> Result<Person, CreatePersonError>;

    /// Changes the given fields and returns the person. Without any field the person stays as it is; refusals apply all the
    /// same. Deactivation revokes all of the person's tokens, sessions and invitations in the same transaction, also
    /// those that are created at the same time; activation restores none.
    async fn update(&self, command: UpdatePerson) -> Result<Person, ChangePersonError>;

    /// Finds the person, whatever their status.
    async fn find(&self, id: PersonId) -> Result<Option<Person>, BackendError>;

    /// Finds the person with this handle, by its folded form, and the hash of their password, if they have one.
    async fn find_account(&self, handle: Handle) -> Result<Option<Account>, BackendError>;

    /// Lists people, oldest first: by `created_at`, then by id. As stable as other listings.
    async fn list(&self, query: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError>;

    /// Sets the password's hash if the stored one is still the one that the command names, and ends sessions as the
    /// command says. Of racing commands that name the same hash, one is carried out.
    async fn set_password(&self, command: SetPassword) -> Result<(), SetPasswordError>;

    /// Stores an invitation, and revokes the person's older ones.
    async fn invite(&self, command: Invite) -> Result<(), InviteError>;

    /// Gives what was logged under a subject to a person, at most so many entries of it at once, in one transaction: their
    /// `created_by` becomes the handle, and each gets its next version. `updated_at` never goes back. Entries of archived
    /// jobs are given, too; jobs and totals stay as they are. Revoked tokens of nobody with the subject become the
    /// person's, so that their pings do. A person who has the subject as the handle has it all already.
    ///
    /// Nothing happens while a token of nobody with the subject is not revoked, even if it is created at the same time:
    /// it would go on logging under a subject that is gone.
    async fn adopt(&self, command: AdoptSubject) -> Result<Adopted, AdoptError>;

    /// Uses an invitation once: revokes it, ends all sessions of its person, sets the password's hash, if there is one, and
    /// stores the new session. Of racing uses one succeeds. Nothing happens when the invitation is unknown, revoked,
    /// used or expired, or its person is not active.
    async fn accept(&self, command: AcceptInvitation) -> Result<Person, AcceptInvitationError>;
}

/// A person, with what is needed to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Whose it is.
    pub person: Person,
    /// The hash of the password; `None` while there is none.
    pub password: Option<PasswordHash>,
}

/// Stores a new person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatePerson {
    /// The person.
    pub person: Person,
    /// Whether the handle may be a subject that tokens or entries have already: then what they logged is the person's.
    pub adopt: bool,
    /// A token of the kind `invitation` for the person.
    pub invitation: Option<Token>,
}

/// Changes a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpdatePerson {
    /// The person to change.
    pub id: PersonId,
    /// The new values.
    pub changes: PersonChanges,
    /// Whether the last active admin stays one.
    pub last_admin: LastAdmin,
    /// The time of the write.
    pub at: Timestamp,
    /// Checked in the transaction of the write.
    pub precondition: Precondition,
}

/// The fields of a person to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PersonChanges {
    /// The new name.
    pub name: Option<PersonName>,
    /// The new address; `Some(None)` takes it away.
    pub email: Option<Option<Email>>,
    /// The new role.
    pub role: Option<Role>,
    /// The new status.
    pub status: Option<PersonStatus>,
    /// The new zone.
    pub time_zone: Option<Zone>,
    /// The new first day of weeks.
    pub week_starts_on: Option<WeekStart>,
}

impl PersonChanges {
    /// Whether no field is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a write may do to the last active admin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LastAdmin {
    /// One active admin stays, whoever writes at the same time.
    #[default]
    Stays,
    /// There may be none afterwards: an operator makes another.
    MayGo,
}

/// The query of a page of people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListPeople {
    /// Only people with this role.
    pub role: Option<Role>,
    /// Only people with this status.
    pub status: Option<PersonStatus>,
    /// The most people on the page.
    pub size: PageSize,
    /// The cursor of the page before; `None` for the first page.
    pub after: Option<PersonCursor>,
}

cursor! {
    /// The place in the listing of people right after the person that it names.
    PersonCursor: after Person, by created_at: Timestamp, id: PersonId
}

/// Sets a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetPassword {
    /// Whose.
    pub person: PersonId,
    /// The hash that must be stored at the moment of the write; `None` when there must be none.
    pub replaces: Option<PasswordHash>,
    /// The hash of the new password.
    pub hash: PasswordHash,
    /// What happens to the person's sessions.
    pub sessions: Sessions,
    /// When it is set.
    pub at: Timestamp,
}

/// What happens to a person's sessions when the password's hash is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// They go on: the password is the same, and only its hash is new.
    GoOn,
    /// All end but this one.
    EndBut(TokenId),
}

/// Gives what was logged under a subject to a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptSubject {
    /// To whom, whatever their status.
    pub person: PersonId,
    /// The subject, in exactly this form.
    pub subject: Subject,
    /// The most entries to give.
    pub most: NonZeroU32,
    /// The time of the write.
    pub at: Timestamp,
}

/// What was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adopted {
    /// How many entries.
    pub entries: u64,
    /// Whether there may be more of them. Repeating the command gives those.
    pub more: bool,
}

/// Stores an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invite {
    /// A token of the kind `invitation` for an active person.
    pub invitation: Token,
    /// When the older ones are revoked.
    pub at: Timestamp,
}

/// Uses an invitation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptInvitation {
    /// The invitation.
    pub id: TokenId,
    /// The hash of the new password; `None` leaves the password as it is.
    pub password: Option<PasswordHash>,
    /// A token of the kind `session` for the same person.
    pub session: Token,
    /// When it is used.
    pub at: Timestamp,
}

/// Why a person was not stored.
#[derive(Debug, Clone, Error)]
pub enum CreatePersonError {
    /// Another person has this handle, or one that is folded alike.
    #[error("the handle {0} is taken")]
    HandleTaken(Handle),
    /// A token or an entry has this subject.
    #[error("the handle {0} is the subject of a token or of time entries")]
    SubjectTaken(Handle),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a person was not changed.
#[derive(Debug, Clone, Error)]
pub enum ChangePersonError {
    /// There is no such person.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// The current state is not what the caller expected.
    #[error(transparent)]
    Precondition(#[from] PreconditionFailed),
    /// It is the last active admin.
    #[error("{0} is the last admin")]
    LastAdmin(Handle),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a password was not set.
#[derive(Debug, Clone, Error)]
pub enum SetPasswordError {
    /// There is no such person.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// The stored hash is not the one that the command replaces: the password was changed in the meantime.
    #[error("the password of the person {0} was changed in the meantime")]
    Changed(PersonId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an invitation was not stored.
#[derive(Debug, Clone, Error)]
pub enum InviteError {
    /// There is no such person.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// The person is deactivated.
    #[error("the person {0} is deactivated")]
    Deactivated(PersonId),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why a subject was not adopted.
#[derive(Debug, Clone, Error)]
pub enum AdoptError {
    /// There is no such person.
    #[error("there is no person {0}")]
    NotFound(PersonId),
    /// Another person has this handle, or one that is folded alike.
    #[error("{0} is the handle of another person")]
    SubjectIsPersons(Subject),
    /// These tokens of nobody have the subject and are not revoked.
    #[error("tokens that are not revoked have the subject {subject}")]
    SubjectInUse {
        /// The subject.
        subject: Subject,
        /// The tokens, in the order of their ids.
        tokens: Vec<TokenId>,
    },
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Why an invitation was not used.
#[derive(Debug, Clone, Error)]
pub enum AcceptInvitationError {
    /// It cannot be used, for whatever reason: whoever tries secrets learns nothing.
    #[error("the link is unknown, used or expired")]
    Unusable,
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}
