//! What people do with their own account.

use std::sync::Arc;

use thiserror::Error;

use super::guesses::{ClientAddress, Guesses, TooManyGuesses};
use super::session::NoPasswords;
use crate::access::ports::AccessPorts;
use crate::access::ports::token::{ChangeTokenError, CreateTokenError, ListTokens, Made, RevokeToken, TokenCursor};
use crate::access::services::{Grant, TokenDraft, TokenService};
use crate::access::{MissingScope, Principal, Scope, Scopes, Token, TokenKind, TokenName, TokenSecret};
use crate::ledger::Precondition;
use crate::page::{Page, PageSize};
use crate::people::ports::PeoplePorts;
use crate::people::ports::passwords::{HashPasswordError, Verified};
use crate::people::ports::person::{
    ChangePersonError, LastAdmin, PersonChanges, Sessions, SetPassword, SetPasswordError, UpdatePerson,
};
use crate::people::{Email, Password, PeopleRules, Person, PersonName, WeekStart};
use crate::values::{PersonId, Timestamp, TokenId, Zone};
use crate::{BackendError, ServiceError, Sources};

/// The principal is a program: its token is nobody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the token is no person's")]
pub struct NotAPerson;

/// Why a person could not do something with their own account. `E` is the port's own error.
#[derive(Debug, Clone, Error)]
pub enum SelfError<E: std::error::Error> {
    /// The principal is a program.
    #[error(transparent)]
    NotAPerson(#[from] NotAPerson),
    /// The port refused or failed.
    #[error(transparent)]
    Port(E),
}

/// The fields of one's own account to change; `None` leaves a field as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccountChanges {
    /// The new name.
    pub name: Option<PersonName>,
    /// The new address; `Some(None)` takes it away.
    pub email: Option<Option<Email>>,
    /// The new zone.
    pub time_zone: Option<Zone>,
    /// The new first day of weeks.
    pub week_starts_on: Option<WeekStart>,
}

/// The input for a token of one's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MyTokenDraft {
    /// The name that people give it.
    pub name: TokenName,
    /// What it allows; none of it beyond what its maker may do.
    pub scopes: Scopes,
    /// It is refused from this moment on; `None` means never.
    pub expires_at: Option<Timestamp>,
}

/// Why a password was not changed.
#[derive(Debug, Clone, Error)]
pub enum ChangePasswordError {
    /// The old password is wrong, or there is none.
    #[error("the old password is wrong")]
    Wrong,
    /// There were too many wrong passwords.
    #[error(transparent)]
    TooMany(#[from] TooManyGuesses),
    /// The new password is too easy to guess.
    #[error("{0}")]
    TooWeak(String),
    /// Nobody has a password here.
    #[error(transparent)]
    NoPasswords(#[from] NoPasswords),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// What people do with their own account, and with their sessions and tokens.
#[derive(Clone)]
pub struct AccountService {
    ports: PeoplePorts,
    access: AccessPorts,
    tokens: TokenService,
    sources: Sources,
    guesses: Arc<Guesses>,
    local_passwords: bool,
}

impl AccountService {
    /// A service over these ports. It shares `guesses` with whoever else compares passwords.
    pub fn new(
        ports: &PeoplePorts,
        access: &AccessPorts,
        sources: &Sources,
        guesses: Arc<Guesses>,
        rules: &PeopleRules,
    ) -> Self {
        let (tokens, local_passwords) = (TokenService::new(access, sources), rules.local_passwords);
        let (ports, access, sources) = (ports.clone(), access.clone(), sources.clone());
        Self { ports, access, tokens, sources, guesses, local_passwords }
    }

    /// Who the principal is.
    pub async fn read(&self, principal: &Principal) -> Result<Person, SelfError<ChangePersonError>> {
        let id = person(principal)?;
        let found = self.ports.people.find(id).await.map_err(|error| SelfError::Port(error.into()))?;
        found.ok_or(SelfError::Port(ChangePersonError::NotFound(id)))
    }

    /// Changes the given fields of one's own account.
    pub async fn update(
        &self,
        principal: &Principal,
        changes: AccountChanges,
        precondition: Precondition,
    ) -> Result<Person, SelfError<ChangePersonError>> {
        let id = person(principal)?;
        let AccountChanges { name, email, time_zone, week_starts_on } = changes;
        let changes = PersonChanges { name, email, time_zone, week_starts_on, ..PersonChanges::default() };
        let (last_admin, at) = (LastAdmin::Stays, self.sources.clock.now());
        let command = UpdatePerson { id, changes, last_admin, at, precondition };
        self.ports.people.update(command).await.map_err(SelfError::Port)
    }

    /// Sets a new password, and ends all other sessions. The old one must be told; wrong ones count as guesses.
    pub async fn change_password(
        &self,
        principal: &Principal,
        from: ClientAddress,
        (old, new): (Password, Password),
    ) -> Result<(), SelfError<ChangePasswordError>> {
        let person = match self.read(principal).await {
            Ok(person) => person,
            Err(SelfError::NotAPerson(error)) => return Err(error.into()),
            Err(SelfError::Port(ChangePersonError::Backend(error))) => return Err(SelfError::Port(error.into())),
            Err(SelfError::Port(_)) => return Err(SelfError::Port(ChangePasswordError::Wrong)),
        };
        self.change_password_of(&person, principal.token, from, (old, new)).await.map_err(SelfError::Port)
    }

    async fn change_password_of(
        &self,
        person: &Person,
        kept: TokenId,
        from: ClientAddress,
        (old, new): (Password, Password),
    ) -> Result<(), ChangePasswordError> {
        if !self.local_passwords {
            return Err(NoPasswords.into());
        }
        let account = self.ports.people.find_account(person.handle.clone()).await?;
        let guess = self.guesses.begin(&person.handle.folded(), from, Some(kept))?;
        let replaces = account.and_then(|account| account.password);
        let verified = match self.ports.passwords.verify(old, replaces.clone()).await {
            Ok(verified) => verified,
            Err(error) => {
                guess.forgive();
                return Err(error.into());
            }
        };
        if verified == Verified::No {
            return Err(ChangePasswordError::Wrong);
        }
        guess.forgive();
        let hash = match self.ports.passwords.hash(new, person.known_by_others()).await {
            Ok(hash) => hash,
            Err(HashPasswordError::Backend(error)) => return Err(error.into()),
            Err(weak @ HashPasswordError::TooWeak(_)) => return Err(ChangePasswordError::TooWeak(weak.to_string())),
        };
        let (sessions, at) = (Sessions::EndBut(kept), self.sources.clock.now());
        match self.ports.people.set_password(SetPassword { person: person.id, replaces, hash, sessions, at }).await {
            Ok(()) => Ok(()),
            Err(SetPasswordError::Backend(error)) => Err(error.into()),
            // What was told as the old password is no longer the password.
            Err(SetPasswordError::Changed(_) | SetPasswordError::NotFound(_)) => Err(ChangePasswordError::Wrong),
        }
    }

    /// Lists one's own sessions, oldest first, with those that have ended.
    pub async fn sessions(
        &self,
        principal: &Principal,
        (size, after): (PageSize, Option<TokenCursor>),
    ) -> Result<Page<Token, TokenCursor>, SelfError<BackendError>> {
        let person = Some(person(principal)?);
        let query = ListTokens { kind: Some(TokenKind::Session), person, size, after };
        self.access.tokens.list(query).await.map_err(SelfError::Port)
    }

    /// Ends one of one's own sessions. Repeating this has no effect.
    pub async fn end_session(&self, principal: &Principal, id: TokenId) -> Result<(), SelfError<ChangeTokenError>> {
        let person = person(principal)?;
        let is_theirs = |token: &Token| token.kind == TokenKind::Session && token.person == Some(person);
        self.revoke(id, is_theirs, Made::Keep).await.map_err(SelfError::Port)
    }

    /// Lists tokens for the API, oldest first: one's own, and all for an admin. Capture tokens are listed elsewhere.
    pub async fn tokens(
        &self,
        principal: &Principal,
        (size, after): (PageSize, Option<TokenCursor>),
    ) -> Result<Page<Token, TokenCursor>, ServiceError<BackendError>> {
        let person = match principal.person {
            _ if principal.scopes.allow(Scope::Admin) => None,
            Some(person) => Some(person),
            None => return Err(MissingScope { scope: Scope::Admin }.into()),
        };
        let query = ListTokens { kind: Some(TokenKind::Api), person, size, after };
        self.access.tokens.list(query).await.map_err(ServiceError::Port)
    }

    /// Makes a token that acts for the principal's own subject, with some of the principal's scopes. Only this call returns
    /// the secret.
    pub async fn create_token(
        &self,
        principal: &Principal,
        draft: MyTokenDraft,
    ) -> Result<(Token, TokenSecret), ServiceError<CreateTokenError>> {
        let MyTokenDraft { name, scopes, expires_at } = draft;
        if principal.person.is_none() {
            principal.require(Scope::Admin)?;
        }
        for scope in scopes.iter() {
            principal.require(scope)?;
        }
        let (subject, grant) = (Some(principal.subject.clone()), Grant::Scopes(scopes));
        let (person, made_by) = (principal.person, principal.maker());
        let draft = TokenDraft { name, subject, grant, expires_at, person, made_by };
        self.tokens.create(draft).await.map_err(ServiceError::Port)
    }

    /// Revokes a token for the API: one's own, or any for an admin. What it made is revoked, too.
    pub async fn revoke_token(&self, principal: &Principal, id: TokenId) -> Result<(), ServiceError<ChangeTokenError>> {
        let may_all = principal.scopes.allow(Scope::Admin);
        if !may_all && principal.person.is_none() {
            return Err(MissingScope { scope: Scope::Admin }.into());
        }
        let is_theirs = |token: &Token| token.kind == TokenKind::Api && (may_all || token.person == principal.person);
        self.revoke(id, is_theirs, Made::Revoke).await.map_err(ServiceError::Port)
    }

    async fn revoke(
        &self,
        id: TokenId,
        is_theirs: impl Fn(&Token) -> bool,
        made: Made,
    ) -> Result<(), ChangeTokenError> {
        let found = self.access.tokens.find(id).await?.filter(|token| is_theirs(token));
        found.ok_or(ChangeTokenError::NotFound(id))?;
        self.access.tokens.revoke(RevokeToken { id, at: self.sources.clock.now(), made }).await.map(drop)
    }
}

fn person(principal: &Principal) -> Result<PersonId, NotAPerson> {
    principal.person.ok_or(NotAPerson)
}
