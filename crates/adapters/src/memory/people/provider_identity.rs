//! Identities in memory. A command is carried out on copies, which take the place of the originals if it succeeds.

use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::access::Token;
use stint_domain::people::ports::IdentityRepository;
use stint_domain::people::ports::person::Account;
use stint_domain::people::ports::provider_identity::{Enter, EnterError, Way};
use stint_domain::people::{Identity, Person};
use stint_domain::values::PersonId;

use crate::ledger::Ledger;
use crate::memory::access::token::free;
use crate::memory::people::person::{accept, account, create};
use crate::memory::state::Identities;
use crate::memory::{BACKEND, Memory};
use crate::people::{
    active, discards_timer, is_active_admin, newcomer, owned, role_of_provider, session_of, updated, used,
};
use crate::timers::StoredTimer;

#[async_trait]
impl IdentityRepository for Memory {
    async fn find(&self, identity: Identity) -> Result<Option<Person>, BackendError> {
        let (mut people, identities) = (self.people(), self.identities());
        let person = identities.people.get(&identity).and_then(|id| account(&mut people, *id));
        Ok(person.map(|account| account.person.clone()))
    }

    async fn enter(&self, command: Enter) -> Result<Person, EnterError> {
        let (ledger, mut people, mut identities, mut timers, mut tokens) =
            (self.ledger(), self.people(), self.identities(), self.timers(), self.tokens());
        let mut copy = State {
            people: people.clone(),
            identities: identities.clone(),
            timers: timers.clone(),
            tokens: tokens.clone(),
        };
        let person = copy.enter(&ledger, &command)?;
        (*people, *identities, *timers, *tokens) = (copy.people, copy.identities, copy.timers, copy.tokens);
        Ok(person)
    }
}

struct State {
    people: Vec<Account>,
    identities: Identities,
    timers: Vec<StoredTimer>,
    tokens: Vec<Token>,
}

impl State {
    fn enter(&mut self, ledger: &Ledger, command: &Enter) -> Result<Person, EnterError> {
        let (once, at) = (command.once, command.at);
        self.identities.used.retain(|_, until| *until > at);
        if self.identities.used.insert(once.key, once.until).is_some() {
            return Err(EnterError::Used);
        }
        let identity = &command.identity;
        let person = match &command.way {
            Way::Linked(id) => {
                let person = active(self.person(*id))?;
                owned(self.identities.people.get(identity).copied(), &person, EnterError::NotLinked)?;
                person
            }
            Way::SignedIn(id) => active(self.person(*id))?,
            Way::Invitation(id) => {
                let command = used(*id, session_of(BACKEND, command)?, at);
                accept(&mut self.people, &mut self.tokens, command)?
            }
            Way::New(person) => create(ledger, &mut self.people, &mut self.tokens, newcomer(person))?,
        };
        let owner = *self.identities.people.entry(identity.clone()).or_insert(person.id);
        owned(Some(owner), &person, EnterError::Taken)?;
        let person = match role_of_provider(command, &person) {
            None => person,
            Some(change) => {
                let is_other = |other: &Account| other.person.id != person.id && is_active_admin(&other.person);
                let person = updated(&change, Some(person.clone()), || Ok(!self.people.iter().any(is_other)))?;
                if let Some(account) = account(&mut self.people, person.id) {
                    account.person = person.clone();
                }
                if discards_timer(&change) {
                    self.timers.retain(|stored| !stored.runs_for(person.id));
                }
                person
            }
        };
        if let Some(session) = command.session.clone().filter(|_| !matches!(command.way, Way::Invitation(_))) {
            free(&self.tokens, &session)?;
            self.tokens.push(session);
        }
        Ok(person)
    }

    fn person(&mut self, id: PersonId) -> Option<Person> {
        account(&mut self.people, id).map(|account| account.person.clone())
    }
}
