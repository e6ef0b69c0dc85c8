//! What writes do to people: the port's rules that all backends share. Each backend finds what they are decided by, and
//! keeps other writers out in the meantime.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub(crate) mod statements;

use stint_domain::access::{Role, Standing, Token, TokenKind};
use stint_domain::ledger::Precondition;
use stint_domain::people::ports::person::{
    AcceptInvitation, AdoptError, AdoptSubject, ChangePersonError, CreatePerson, LastAdmin, PersonChanges, Sessions,
    UpdatePerson,
};
#[cfg(feature = "postgres")]
use stint_domain::people::ports::provider_identity::Way;
use stint_domain::people::ports::provider_identity::{Enter, EnterError};
use stint_domain::people::{Person, PersonStatus};
use stint_domain::values::{PersonId, Timestamp, TokenId, Version};
use stint_domain::{BackendError, BackendErrorKind};

/// Which of a person's tokens a write revokes, if they are not revoked yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ending {
    pub(crate) person: PersonId,
    /// `None` for those of every kind.
    pub(crate) kind: Option<TokenKind>,
    /// It stays.
    pub(crate) but: Option<TokenId>,
}

impl Ending {
    /// All tokens.
    pub(crate) fn all(person: PersonId) -> Self {
        Self { person, kind: None, but: None }
    }

    /// All tokens of this kind.
    pub(crate) fn of(person: PersonId, kind: TokenKind) -> Self {
        Self { kind: Some(kind), ..Self::all(person) }
    }

    /// The sessions that end when a password's hash is set.
    pub(crate) fn with_password(person: PersonId, sessions: Sessions) -> Option<Self> {
        match sessions {
            Sessions::GoOn => None,
            Sessions::EndBut(kept) => Some(Self { but: Some(kept), ..Self::of(person, TokenKind::Session) }),
        }
    }
}

/// The person as a creation stores it.
pub(crate) fn created(person: Person) -> Person {
    Person { version: Version::initial(person.created_at), ..person }
}

/// The person as the command leaves it: unchanged if it names no field. `is_last_admin` tells whether there is no other
/// active admin, and is only asked when that matters.
pub(crate) fn updated(
    command: &UpdatePerson,
    stored: Option<Person>,
    is_last_admin: impl FnOnce() -> Result<bool, BackendError>,
) -> Result<Person, ChangePersonError> {
    let stored = stored.ok_or(ChangePersonError::NotFound(command.id))?;
    command.precondition.check(Some(stored.version))?;
    if command.changes.is_empty() {
        return Ok(stored);
    }
    let changed = changed(command, stored.clone());
    let takes_an_admin = is_active_admin(&stored) && !is_active_admin(&changed);
    if takes_an_admin && command.last_admin == LastAdmin::Stays && is_last_admin()? {
        return Err(ChangePersonError::LastAdmin(stored.handle));
    }
    Ok(changed)
}

fn changed(UpdatePerson { changes, at, .. }: &UpdatePerson, person: Person) -> Person {
    let changes = changes.clone();
    Person {
        name: changes.name.unwrap_or(person.name),
        email: changes.email.unwrap_or(person.email),
        role: changes.role.unwrap_or(person.role),
        status: changes.status.unwrap_or(person.status),
        time_zone: changes.time_zone.unwrap_or(person.time_zone),
        week_starts_on: changes.week_starts_on.unwrap_or(person.week_starts_on),
        version: person.version.next(),
        updated_at: person.updated_at.max(*at),
        ..person
    }
}

/// Whether it is a person who can make others admins.
pub(crate) fn is_active_admin(person: &Person) -> bool {
    person.standing() == Standing { role: Role::Admin, active: true }
}

/// Whether the command takes the person's tokens along.
pub(crate) fn deactivates(command: &UpdatePerson) -> bool {
    command.changes.status == Some(PersonStatus::Deactivated)
}

/// Whether there is something to adopt: a person has what was logged under the handle. `has_another` tells whether the
/// subject is somebody else's handle, and `in_use` which tokens of nobody with the subject are not revoked.
pub(crate) fn adopts(
    command: &AdoptSubject,
    person: &Person,
    has_another: bool,
    in_use: Vec<TokenId>,
) -> Result<bool, AdoptError> {
    let subject = &command.subject;
    if has_another {
        return Err(AdoptError::SubjectIsPersons(subject.clone()));
    }
    if person.handle.subject() == subject {
        return Ok(false);
    }
    if in_use.is_empty() {
        Ok(true)
    } else {
        Err(AdoptError::SubjectInUse { subject: subject.clone(), tokens: in_use })
    }
}

/// Whether the command takes the person's running timer along: they could not end it any more.
pub(crate) fn discards_timer(command: &UpdatePerson) -> bool {
    deactivates(command) || command.changes.role == Some(Role::Viewer)
}

/// Whose invitation it is, if it can be used at this moment.
pub(crate) fn invited(invitation: &Token, at: Timestamp) -> Option<PersonId> {
    let is_usable = invitation.kind == TokenKind::Invitation && invitation.check(at).is_ok();
    invitation.person.filter(|_| is_usable)
}

/// Whose invitation a new one is.
pub(crate) fn invitee(backend: &'static str, invitation: &Token) -> Result<PersonId, BackendError> {
    let nobody = || format!("the invitation {} is no person's", invitation.id);
    invitation.person.ok_or_else(|| BackendError::new(backend, BackendErrorKind::Internal, nobody()))
}

/// What gives the person the role with which the provider sent them; nothing, if they have it already.
pub(crate) fn role_of_provider(command: &Enter, person: &Person) -> Option<UpdatePerson> {
    let role = command.role.filter(|role| *role != person.role)?;
    Some(UpdatePerson {
        id: person.id,
        changes: PersonChanges { role: Some(role), ..PersonChanges::default() },
        last_admin: LastAdmin::Stays,
        at: command.at,
        precondition: Precondition::None,
    })
}

/// Whether the command may take an active admin away.
#[cfg(feature = "postgres")]
pub(crate) fn may_demote(command: &Enter) -> bool {
    command.role.is_some_and(|role| role != Role::Admin) && !matches!(command.way, Way::New(_))
}

/// The person's session, which a command that signs somebody in has.
pub(crate) fn session_of(backend: &'static str, command: &Enter) -> Result<Token, BackendError> {
    let missing = || BackendError::new(backend, BackendErrorKind::Internal, "a sign-in has no session");
    command.session.clone().ok_or_else(missing)
}

/// The use of the invitation, without a password.
pub(crate) fn used(invitation: TokenId, session: Token, at: Timestamp) -> AcceptInvitation {
    AcceptInvitation { id: invitation, password: None, session, at }
}

/// The creation of somebody whom the provider sent.
pub(crate) fn newcomer(person: &Person) -> CreatePerson {
    CreatePerson { person: person.clone(), adopt: false, invitation: None }
}

/// The person, if they are active.
pub(crate) fn active(person: Option<Person>) -> Result<Person, EnterError> {
    person.filter(|person| person.status == PersonStatus::Active).ok_or(EnterError::Inactive)
}

/// Fails unless the identity belongs to the person.
pub(crate) fn owned(owner: Option<PersonId>, person: &Person, otherwise: EnterError) -> Result<(), EnterError> {
    if owner == Some(person.id) { Ok(()) } else { Err(otherwise) }
}
