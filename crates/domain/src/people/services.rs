//! Use cases on people: accounts, signing in, and what people do with their own account.

mod account;
mod authors;
mod guesses;
mod person;
mod provider;
mod session;

pub use account::{AccountChanges, AccountService, ChangePasswordError, MyTokenDraft, NotAPerson, SelfError};
pub use authors::{AuthorError, Authors};
pub use guesses::{ClientAddress, Guesses, TooManyGuesses};
pub use person::{PeopleService, PersonDraft, PersonService};
pub use provider::{BearerError, Errand, ProviderService, ProviderSignInError, Returned};
pub use session::{AcceptError, NoPasswords, SessionService, SignIn, SignInError, SignedIn};

use std::sync::Arc;

use super::PeopleRules;
use super::ports::PeoplePorts;
use crate::Sources;
use crate::access::ports::AccessPorts;

/// All use cases on people.
#[derive(Clone)]
pub struct PeopleServices {
    /// On accounts, for admins.
    pub people: PeopleService,
    /// Signing in and out.
    pub sessions: SessionService,
    /// On one's own account.
    pub account: AccountService,
    /// Signing in through the provider.
    pub provider: ProviderService,
    /// For whom time is logged.
    pub authors: Authors,
}

impl PeopleServices {
    /// The use cases over these ports. Failed guesses are counted in this instance alone.
    pub fn over(ports: &PeoplePorts, access: &AccessPorts, sources: &Sources, rules: &PeopleRules) -> Self {
        let guesses = Arc::new(Guesses::new(sources.clock.clone()));
        let sessions = SessionService::new(ports, access, sources, guesses.clone(), rules);
        Self {
            people: PeopleService::new(ports, access, sources),
            provider: ProviderService::new(ports, access, sources, &sessions, rules),
            sessions,
            account: AccountService::new(ports, access, sources, guesses, rules),
            authors: Authors::new(&ports.people),
        }
    }
}
