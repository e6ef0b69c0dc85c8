//! Signing in and out.

use std::sync::Arc;

use thiserror::Error;

use super::guesses::{ClientAddress, Guesses, TooManyGuesses};
use super::person::of_person;
use crate::access::ports::AccessPorts;
use crate::access::ports::token::{ChangeTokenError, CreateTokenError, Made, RevokeToken};
use crate::access::services::{AuthenticateError, Authenticator};
use crate::access::{Principal, Token, TokenKind, TokenSecret};
use crate::people::ports::PeoplePorts;
use crate::people::ports::passwords::{HashPasswordError, Verified};
use crate::people::ports::person::{AcceptInvitation, AcceptInvitationError, Account, Sessions, SetPassword};
use crate::people::{Handle, Password, PasswordHash, PeopleRules, Person, PersonStatus};
use crate::values::TokenId;
use crate::{BackendError, Sources};

/// Somebody who wants to sign in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// The name; `None` when what was typed is no handle, which takes as long as an unknown one.
    pub handle: Option<Handle>,
    /// The password.
    pub password: Password,
    /// Where the attempt comes from.
    pub from: ClientAddress,
    /// The secret of the session that this browser had last, if it had one.
    pub last_session: Option<TokenSecret>,
}

/// Somebody who has signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub person: Person,
    /// The session.
    pub session: Token,
    /// The session's secret. It cannot be read again.
    pub secret: TokenSecret,
}

/// Why somebody was not signed in.
#[derive(Debug, Clone, Error)]
pub enum SignInError {
    /// The handle or the password is wrong, or the person is deactivated or has no password. Which one is not told.
    #[error("the handle or the password is wrong")]
    Wrong,
    /// There were too many wrong passwords.
    #[error(transparent)]
    TooMany(#[from] TooManyGuesses),
    /// Nobody signs in by a password here.
    #[error(transparent)]
    NoPasswords(#[from] NoPasswords),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The operator turned passwords off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("nobody has a password here; sign in through the provider")]
pub struct NoPasswords;

/// Why a link was not used.
#[derive(Debug, Clone, Error)]
pub enum AcceptError {
    /// The link is unknown, used or expired.
    #[error("the link is unknown, used or expired")]
    Unusable,
    /// The password is too easy to guess.
    #[error(transparent)]
    Password(HashPasswordError),
    /// Nobody has a password here.
    #[error(transparent)]
    NoPasswords(#[from] NoPasswords),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Signing in and out.
#[derive(Clone)]
pub struct SessionService {
    ports: PeoplePorts,
    access: AccessPorts,
    authenticator: Authenticator,
    sources: Sources,
    guesses: Arc<Guesses>,
    local_passwords: bool,
}

impl SessionService {
    /// A service over these ports. It shares `guesses` with whoever else compares passwords.
    pub fn new(
        ports: &PeoplePorts,
        access: &AccessPorts,
        sources: &Sources,
        guesses: Arc<Guesses>,
        rules: &PeopleRules,
    ) -> Self {
        let (authenticator, local_passwords) = (Authenticator::new(access, sources), rules.local_passwords);
        let (ports, access, sources) = (ports.clone(), access.clone(), sources.clone());
        Self { ports, access, authenticator, sources, guesses, local_passwords }
    }

    /// Whether people may sign in with a password.
    pub fn take_passwords(&self) -> Result<(), NoPasswords> {
        if self.local_passwords { Ok(()) } else { Err(NoPasswords) }
    }

    /// Signs somebody in by their password: makes a session. Unknown handles take as long as known ones.
    pub async fn sign_in(&self, attempt: SignIn) -> Result<SignedIn, SignInError> {
        let SignIn { handle, password, from, last_session } = attempt;
        self.take_passwords()?;
        let account = match handle.clone() {
            Some(handle) => self.ports.people.find_account(handle).await?,
            None => None,
        };
        let browser = self.browser(account.as_ref(), last_session).await;
        let folded = handle.as_ref().map(Handle::folded).unwrap_or_default();
        let guess = self.guesses.begin(&folded, from, browser)?;
        let compared = account.as_ref().and_then(|account| account.password.clone());
        let verified = match self.ports.passwords.verify(password, compared.clone()).await {
            Ok(verified) => verified,
            Err(error) => {
                guess.forgive();
                return Err(error.into());
            }
        };
        match (account, verified) {
            (Some(Account { person, .. }), Verified::Yes { stronger }) if person.status == PersonStatus::Active => {
                guess.forgive();
                if let Some(hash) = stronger {
                    let (person, sessions, at) = (person.id, Sessions::GoOn, self.sources.clock.now());
                    // The sign-in does not depend on it; the next one tries again. A password that was changed in the
                    // meantime stays.
                    let command = SetPassword { person, replaces: compared, hash, sessions, at };
                    drop(self.ports.people.set_password(command).await);
                }
                self.begin(person).await
            }
            _ => Err(SignInError::Wrong),
        }
    }

    /// Signs out: ends the principal's session. Other tokens are left as they are. Repeating this has no effect.
    pub async fn sign_out(&self, principal: &Principal) -> Result<(), BackendError> {
        if principal.kind != TokenKind::Session {
            return Ok(());
        }
        let command = RevokeToken { id: principal.token, at: self.sources.clock.now(), made: Made::Keep };
        match self.access.tokens.revoke(command).await {
            Ok(_) | Err(ChangeTokenError::NotFound(_)) => Ok(()),
            Err(ChangeTokenError::Backend(error)) => Err(error),
        }
    }

    /// Uses an invitation: sets the password and signs in, once. All other sessions of the person end.
    pub async fn accept(&self, secret: &str, password: Password) -> Result<SignedIn, AcceptError> {
        self.take_passwords()?;
        let (id, person) = self.invited(secret).await?;
        let about = person.known_by_others();
        let hash = match self.ports.passwords.hash(password, about).await {
            Ok(hash) => hash,
            Err(HashPasswordError::Backend(error)) => return Err(error.into()),
            Err(weak @ HashPasswordError::TooWeak(_)) => return Err(AcceptError::Password(weak)),
        };
        self.enter(id, person, Some(hash)).await
    }

    /// Uses an invitation without setting a password, as in development.
    pub async fn accept_without_password(&self, secret: &str) -> Result<SignedIn, AcceptError> {
        let (id, person) = self.invited(secret).await?;
        self.enter(id, person, None).await
    }

    async fn enter(
        &self,
        id: TokenId,
        person: Person,
        password: Option<PasswordHash>,
    ) -> Result<SignedIn, AcceptError> {
        let (session, secret) = self.session(&person)?;
        let at = self.sources.clock.now();
        let command = AcceptInvitation { id, password, session: session.clone(), at };
        match self.ports.people.accept(command).await {
            Ok(person) => Ok(SignedIn { person, session, secret }),
            Err(AcceptInvitationError::Unusable) => Err(AcceptError::Unusable),
            Err(AcceptInvitationError::Backend(error)) => Err(error.into()),
        }
    }

    /// Whom an invitation is for. Whether it can still be used is decided when it is.
    pub(super) async fn invited(&self, secret: &str) -> Result<(TokenId, Person), AcceptError> {
        let Ok(secret) = TokenSecret::of(TokenKind::Invitation, secret) else { return Err(AcceptError::Unusable) };
        let token = match self.authenticator.known(&secret).await {
            Ok(known) if known.token.kind == TokenKind::Invitation => known.token,
            Err(AuthenticateError::Backend(error)) => return Err(error.into()),
            _ => return Err(AcceptError::Unusable),
        };
        let Some(person) = token.person else { return Err(AcceptError::Unusable) };
        match self.ports.people.find(person).await? {
            Some(person) => Ok((token.id, person)),
            None => Err(AcceptError::Unusable),
        }
    }

    async fn begin(&self, person: Person) -> Result<SignedIn, SignInError> {
        let (session, secret) = self.session(&person)?;
        match self.access.tokens.create(session.clone()).await {
            Ok(()) => Ok(SignedIn { person, session, secret }),
            Err(CreateTokenError::Backend(error)) => Err(error.into()),
            // Deactivated a moment ago.
            Err(_) => Err(SignInError::Wrong),
        }
    }

    fn session(&self, person: &Person) -> Result<(Token, TokenSecret), BackendError> {
        let lasts = (self.sources.clock.now(), Authenticator::SESSION_IDLE);
        of_person(&*self.access.secrets, &self.sources, person, TokenKind::Session, lasts)
    }

    /// The session that the browser had last, if it was this person's: whether it lasts still does not matter.
    async fn browser(&self, account: Option<&Account>, last: Option<TokenSecret>) -> Option<TokenId> {
        let (account, last) = (account?, last?);
        let known = self.access.tokens.find_by_hash(self.access.secrets.hash(&last)).await.ok()??;
        let is_theirs = known.token.kind == TokenKind::Session && known.token.person == Some(account.person.id);
        is_theirs.then_some(known.token.id)
    }
}
