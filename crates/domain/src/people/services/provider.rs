//! Signing in through an OpenID provider, and acting with its tokens.
//!
//! A person is known by the identity that was linked to them: from their own session, by an open invitation, or when
//! they were made. Nobody is ever found by a handle or an address that the provider tells.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;

use super::person::{new, of_person};
use super::session::{AcceptError, SessionService, SignedIn};
use crate::access::ports::AccessPorts;
use crate::access::services::Authenticator;
use crate::access::{Principal, Role, TokenKind, TokenSecret};
use crate::people::ports::identity_provider::{Arrival, Arrived, Departure, Left, ProviderError};
use crate::people::ports::provider_identity::{Enter, EnterError, Way};
use crate::people::ports::{IdentityProvider, PeoplePorts};
use crate::people::{Claims, Email, Handle, PeopleRules, Person, PersonName, PersonStatus};
use crate::values::{PersonId, TokenId};
use crate::{BackendError, Sources};

/// What somebody goes to the provider for.
#[derive(Clone, PartialEq, Eq)]
pub enum Errand {
    /// To sign in.
    SignIn,
    /// To link who they are there to the account in which they are signed in, with the secret of this session.
    Link(TokenSecret),
    /// To use the invitation with this secret: to link who they are there to its person, and to sign in.
    Invitation(TokenSecret),
}

/// Somebody who has come back from the provider.
#[derive(Debug, Clone)]
pub struct Returned {
    /// Their new session; `None` if they were signed in and linked their identity.
    pub signed_in: Option<SignedIn>,
    /// Where they wanted to go.
    pub return_to: String,
}

/// Why somebody was not signed in through the provider.
#[derive(Debug, Clone, Error)]
pub enum ProviderSignInError {
    /// The settings name no provider.
    #[error("this service has no provider")]
    NoProvider,
    /// The provider does not vouch for anybody.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// None of the provider's values gives a role.
    #[error("the provider gives this account no role here")]
    NoRole,
    /// The identity is nobody's, and the settings make no people.
    #[error("the account at the provider belongs to nobody here")]
    NotLinked,
    /// A person would be made, but what the provider tells is no handle.
    #[error("the provider tells no name that can be a handle")]
    NoHandle,
    /// The person who wanted to link an identity is not signed in any more.
    #[error("nobody is signed in")]
    SignedOut,
    /// The transaction refused.
    #[error(transparent)]
    Enter(#[from] EnterError),
}

impl From<BackendError> for ProviderSignInError {
    fn from(error: BackendError) -> Self {
        Self::Enter(error.into())
    }
}

/// Why a provider's token authenticates nobody.
#[derive(Debug, Clone, Error)]
pub enum BearerError {
    /// The token is not to be believed.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// It belongs to nobody here, or to somebody who is deactivated.
    #[error("the token is unknown")]
    Unknown,
    /// The backend failed, so the answer is not known.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Signing in through the provider.
#[derive(Clone)]
pub struct ProviderService {
    ports: PeoplePorts,
    access: AccessPorts,
    sources: Sources,
    sessions: SessionService,
    rules: PeopleRules,
}

/// Words of notes, which come back with a browser.
const SIGN_IN: &str = "in";
const LINK: &str = "link";

impl ProviderService {
    /// A service over these ports.
    pub fn new(
        ports: &PeoplePorts,
        access: &AccessPorts,
        sources: &Sources,
        sessions: &SessionService,
        rules: &PeopleRules,
    ) -> Self {
        let (ports, access, sources) = (ports.clone(), access.clone(), sources.clone());
        Self { ports, access, sources, sessions: sessions.clone(), rules: rules.clone() }
    }

    /// What people call the provider, if there is one.
    pub fn name(&self) -> Option<String> {
        self.ports.provider.as_ref().map(|provider| provider.name())
    }

    /// Whether the provider's tokens are taken.
    pub fn takes_bearers(&self) -> bool {
        self.ports.provider.as_ref().is_some_and(|provider| provider.takes_bearers())
    }

    /// Where a browser signs out at the provider, if there is one that has such a page and can be asked.
    pub async fn sign_out(&self) -> Option<String> {
        self.ports.provider.as_ref()?.sign_out().await
    }

    fn provider(&self) -> Result<&Arc<dyn IdentityProvider>, ProviderSignInError> {
        self.ports.provider.as_ref().ok_or(ProviderSignInError::NoProvider)
    }

    /// Sends a browser to the provider. `return_to` fits into a cookie.
    pub async fn leave(&self, errand: Errand, return_to: &str) -> Result<Left, ProviderSignInError> {
        let (word, bound_to) = match &errand {
            Errand::SignIn => (SIGN_IN, None),
            Errand::Link(session) => (LINK, Some(session.expose().to_owned())),
            Errand::Invitation(secret) => (secret.expose(), None),
        };
        let note = format!("{word}.{return_to}");
        Ok(self.provider()?.leave(Departure { note, bound_to }).await?)
    }

    /// Takes a browser that comes from the provider. `principal` is who is signed in there.
    pub async fn arrive(
        &self,
        arrival: Arrival,
        principal: Option<&Principal>,
    ) -> Result<Returned, ProviderSignInError> {
        let arrived = self.provider()?.arrive(arrival).await?;
        let (word, return_to) = arrived.note.split_once('.').ok_or(ProviderError::NotBegun)?;
        let return_to = return_to.to_owned();
        let signed_in = match word {
            SIGN_IN => Some(self.sign_in(arrived).await?),
            LINK => {
                self.link(arrived, principal).await?;
                None
            }
            secret => {
                let secret = secret.to_owned();
                Some(self.accept(arrived, &secret).await?)
            }
        };
        Ok(Returned { signed_in, return_to })
    }

    async fn sign_in(&self, arrived: Arrived) -> Result<SignedIn, ProviderSignInError> {
        let role = self.role(&arrived.claims)?;
        let (way, person) = match self.ports.identities.find(arrived.claims.identity.clone()).await? {
            Some(person) => (Way::Linked(person.id), person),
            None if self.rules.create_people => {
                let person = self.newcomer(&arrived.claims, role)?;
                (Way::New(Box::new(person.clone())), person)
            }
            None => return Err(ProviderSignInError::NotLinked),
        };
        self.enter(arrived, way, role, &person).await
    }

    /// Only the session that began it counts: another site could have made the browser come back with what it likes.
    async fn link(&self, arrived: Arrived, principal: Option<&Principal>) -> Result<(), ProviderSignInError> {
        let person = principal.filter(|it| it.kind == TokenKind::Session).and_then(|it| it.person);
        let person = person.filter(|_| arrived.is_bound).ok_or(ProviderSignInError::SignedOut)?;
        let (identity, once, at) = (arrived.claims.identity, arrived.once, self.sources.clock.now());
        let way = Way::SignedIn(person);
        self.ports.identities.enter(Enter { identity, way, role: None, session: None, once, at }).await?;
        Ok(())
    }

    async fn accept(&self, arrived: Arrived, secret: &str) -> Result<SignedIn, ProviderSignInError> {
        let role = self.role(&arrived.claims)?;
        let (invitation, person) = match self.sessions.invited(secret).await {
            Ok(found) => found,
            Err(AcceptError::Backend(error)) => return Err(error.into()),
            Err(_) => return Err(EnterError::LinkUnusable.into()),
        };
        self.enter(arrived, Way::Invitation(invitation), role, &person).await
    }

    async fn enter(
        &self,
        arrived: Arrived,
        way: Way,
        role: Option<Role>,
        person: &Person,
    ) -> Result<SignedIn, ProviderSignInError> {
        let at = self.sources.clock.now();
        let lasts = (at, Authenticator::SESSION_OF_PROVIDER);
        let (session, secret) = of_person(&*self.access.secrets, &self.sources, person, TokenKind::Session, lasts)?;
        let (identity, once) = (arrived.claims.identity, arrived.once);
        let command = Enter { identity, way, role, session: Some(session.clone()), once, at };
        let person = self.ports.identities.enter(command).await?;
        Ok(SignedIn { person, session, secret })
    }

    /// The role that the provider gives; `None` where roles are left to admins.
    fn role(&self, claims: &Claims) -> Result<Option<Role>, ProviderSignInError> {
        let Some(table) = &self.rules.roles else { return Ok(None) };
        table.role_of(&claims.roles).map(Some).ok_or(ProviderSignInError::NoRole)
    }

    fn newcomer(&self, claims: &Claims, role: Option<Role>) -> Result<Person, ProviderSignInError> {
        // Many providers tell an address, of which the part before the `@` is the person's name.
        let told = claims.handle.as_deref().unwrap_or_default().split('@').next().unwrap_or_default();
        let handle = Handle::new(told).or(Err(ProviderSignInError::NoHandle))?;
        let name = claims.name.as_deref().and_then(|name| PersonName::new(name).ok());
        let name = name.or_else(|| PersonName::new(handle.as_str()).ok()).ok_or(ProviderSignInError::NoHandle)?;
        let (id, at) = (PersonId::new(self.sources.ids.generate()), self.sources.clock.now());
        let email = claims.email.as_deref().and_then(|email| Email::new(email).ok());
        Ok(Person { email, ..new(id, handle, name, role.unwrap_or(Role::Member), at) })
    }

    /// Finds who acts with a token of the provider: the active person to whom its identity belongs. It allows what the
    /// person's role does.
    pub async fn authenticate(&self, token: String) -> Result<Principal, BearerError> {
        let Some(provider) = &self.ports.provider else { return Err(BearerError::Unknown) };
        let identity = provider.verify(token).await?.identity;
        let id = TokenId::of_identity(identity.issuer(), identity.subject());
        let person = self.ports.identities.find(identity).await?;
        let person = person.filter(|person| person.status == PersonStatus::Active).ok_or(BearerError::Unknown)?;
        let (subject, scopes) = (person.handle.subject().clone(), person.role.scopes());
        Ok(Principal { token: id, kind: TokenKind::Session, subject, person: Some(person.id), scopes })
    }
}
