//! Use cases on accounts: for operators, who check nobody, and for admins.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::access::ports::{AccessPorts, Secrets};
use crate::access::{Principal, Role, Scope, Scopes, Token, TokenKind, TokenSecret};
use crate::ledger::Precondition;
use crate::page::Page;
use crate::people::ports::person::{
    Account, AdoptError, AdoptSubject, ChangePersonError, CreatePerson, CreatePersonError, Invite, InviteError,
    LastAdmin, ListPeople, PersonChanges, PersonCursor, UpdatePerson,
};
use crate::people::ports::{PeoplePorts, PersonRepository};
use crate::people::{Email, Handle, Person, PersonName, PersonStatus, WeekStart};
use crate::values::{PersonId, Subject, Timestamp, TokenId, Version, Zone};
use crate::{BackendError, ServiceError, Sources};

/// The input for a new person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonDraft {
    /// The name to sign in with.
    pub handle: Handle,
    /// The name that others read.
    pub name: PersonName,
    /// Where the person can be reached.
    pub email: Option<Email>,
    /// What the person may do.
    pub role: Role,
    /// The zone whose midnight divides the person's days.
    pub time_zone: Zone,
    /// The first day of the person's weeks.
    pub week_starts_on: WeekStart,
    /// Whether the handle may be a subject that tokens or entries have already.
    pub adopt: bool,
}

/// Use cases on accounts, for operators. They check no principal: an operator who runs them has access to the database
/// anyway.
#[derive(Clone)]
pub struct PersonService {
    people: Arc<dyn PersonRepository>,
    secrets: Arc<dyn Secrets>,
    sources: Sources,
}

impl PersonService {
    /// How long an invitation can be used.
    pub const INVITATION_LASTS: Duration = Duration::from_hours(24);

    /// How many entries one transaction gives to a person. Others who write to their jobs wait for it.
    const ADOPTED_AT_ONCE: NonZeroU32 = NonZeroU32::new(500).expect("it is not zero");

    /// A service over these ports.
    pub fn new(people: &Arc<dyn PersonRepository>, secrets: &Arc<dyn Secrets>, sources: &Sources) -> Self {
        Self { people: people.clone(), secrets: secrets.clone(), sources: sources.clone() }
    }

    /// Creates a person without a password, and an invitation by which they set one. Only this call returns its secret.
    pub async fn create(&self, draft: PersonDraft) -> Result<(Person, TokenSecret), CreatePersonError> {
        let PersonDraft { handle, name, email, role, time_zone, week_starts_on, adopt } = draft;
        let at = self.sources.clock.now();
        let mut person = new(PersonId::new(self.sources.ids.generate()), handle, name, role, at);
        (person.email, person.time_zone, person.week_starts_on) = (email, time_zone, week_starts_on);
        let (invitation, secret) = self.invitation(&person, at)?;
        let person = self.people.create(CreatePerson { person, adopt, invitation: Some(invitation) }).await?;
        Ok((person, secret))
    }

    /// Makes a new link for a person, by which they set a password; older ones end. Only this call returns its secret.
    pub async fn invite(&self, id: PersonId) -> Result<(Person, TokenSecret), InviteError> {
        let person = self.people.find(id).await?.ok_or(InviteError::NotFound(id))?;
        let at = self.sources.clock.now();
        let (invitation, secret) = self.invitation(&person, at)?;
        self.people.invite(Invite { invitation, at }).await?;
        Ok((person, secret))
    }

    /// Changes the given fields.
    pub async fn update(
        &self,
        id: PersonId,
        changes: PersonChanges,
        last_admin: LastAdmin,
        precondition: Precondition,
    ) -> Result<Person, ChangePersonError> {
        let at = self.sources.clock.now();
        self.people.update(UpdatePerson { id, changes, last_admin, at, precondition }).await
    }

    /// Gives everything that was logged under a subject to a person, and returns how many entries that were. When it fails
    /// midway, some of them are the person's; repeating it gives the others.
    pub async fn adopt(&self, person: PersonId, subject: Subject) -> Result<u64, AdoptError> {
        let mut entries = 0;
        loop {
            let (most, at) = (Self::ADOPTED_AT_ONCE, self.sources.clock.now());
            let command = AdoptSubject { person, subject: subject.clone(), most, at };
            let adopted = self.people.adopt(command).await?;
            entries += adopted.entries;
            if !adopted.more {
                return Ok(entries);
            }
        }
    }

    /// Finds the person with this handle, in whatever case.
    pub async fn find_by_handle(&self, handle: Handle) -> Result<Option<Person>, BackendError> {
        Ok(self.people.find_account(handle).await?.map(|Account { person, .. }| person))
    }

    /// Finds the person.
    pub async fn find(&self, id: PersonId) -> Result<Option<Person>, BackendError> {
        self.people.find(id).await
    }

    /// Lists people, oldest first.
    pub async fn list(&self, query: ListPeople) -> Result<Page<Person, PersonCursor>, BackendError> {
        self.people.list(query).await
    }

    fn invitation(&self, person: &Person, at: Timestamp) -> Result<(Token, TokenSecret), BackendError> {
        let lasts = Self::INVITATION_LASTS;
        of_person(&*self.secrets, &self.sources, person, TokenKind::Invitation, (at, lasts))
    }
}

/// A new person, who is active, in UTC, and without an address.
pub(super) fn new(id: PersonId, handle: Handle, name: PersonName, role: Role, at: Timestamp) -> Person {
    Person {
        id,
        handle,
        name,
        email: None,
        role,
        status: PersonStatus::Active,
        time_zone: Zone::default(),
        week_starts_on: WeekStart::default(),
        version: Version::initial(at),
        created_at: at,
        updated_at: at,
    }
}

/// A token of a person that is no API token, and its secret. It lasts for so long from `at` on.
pub(super) fn of_person(
    secrets: &dyn Secrets,
    sources: &Sources,
    person: &Person,
    kind: TokenKind,
    (at, lasts): (Timestamp, Duration),
) -> Result<(Token, TokenSecret), BackendError> {
    let secret = secrets.generate(kind)?;
    let token = Token {
        id: TokenId::new(sources.ids.generate()),
        name: person.handle.subject().clone(),
        kind,
        subject: person.handle.subject().clone(),
        person: Some(person.id),
        // Whatever the person's role allows.
        scopes: Scopes::ADMIN,
        capture: None,
        made_by: None,
        secret_hash: secrets.hash(&secret),
        created_at: at,
        expires_at: Some(at.later(lasts)),
        revoked_at: None,
        last_used_at: None,
    };
    Ok((token, secret))
}

/// Use cases on accounts, for admins: all need the scope `admin`. One active admin stays, whatever they do.
#[derive(Clone)]
pub struct PeopleService {
    all: PersonService,
}

impl PeopleService {
    /// A service over these ports.
    pub fn new(ports: &PeoplePorts, access: &AccessPorts, sources: &Sources) -> Self {
        Self { all: PersonService::new(&ports.people, &access.secrets, sources) }
    }

    /// Creates a person, and the secret of an invitation, which only this call returns. It adopts no subject: that is for
    /// operators.
    pub async fn create(
        &self,
        principal: &Principal,
        draft: PersonDraft,
    ) -> Result<(Person, TokenSecret), ServiceError<CreatePersonError>> {
        principal.require(Scope::Admin)?;
        self.all.create(draft).await.map_err(ServiceError::Port)
    }

    /// Changes the given fields.
    pub async fn update(
        &self,
        principal: &Principal,
        id: PersonId,
        changes: PersonChanges,
        precondition: Precondition,
    ) -> Result<Person, ServiceError<ChangePersonError>> {
        principal.require(Scope::Admin)?;
        self.all.update(id, changes, LastAdmin::Stays, precondition).await.map_err(ServiceError::Port)
    }

    /// Makes a new link for a person; older ones end.
    pub async fn invite(
        &self,
        principal: &Principal,
        id: PersonId,
    ) -> Result<(Person, TokenSecret), ServiceError<InviteError>> {
        principal.require(Scope::Admin)?;
        self.all.invite(id).await.map_err(ServiceError::Port)
    }

    /// Finds the person.
    pub async fn find(
        &self,
        principal: &Principal,
        id: PersonId,
    ) -> Result<Option<Person>, ServiceError<BackendError>> {
        principal.require(Scope::Admin)?;
        self.all.find(id).await.map_err(ServiceError::Port)
    }

    /// Lists people, oldest first.
    pub async fn list(
        &self,
        principal: &Principal,
        query: ListPeople,
    ) -> Result<Page<Person, PersonCursor>, ServiceError<BackendError>> {
        principal.require(Scope::Admin)?;
        self.all.list(query).await.map_err(ServiceError::Port)
    }
}
