//! Where people and their identities are stored, how passwords are hashed, and the provider that vouches for people.

pub mod identity_provider;
pub mod passwords;
pub mod person;
pub mod provider_identity;

use std::sync::Arc;

pub use identity_provider::IdentityProvider;
pub use passwords::Passwords;
pub use person::PersonRepository;
pub use provider_identity::IdentityRepository;
#[cfg(any(test, feature = "mocks"))]
pub use {
    identity_provider::MockIdentityProvider, passwords::MockPasswords, person::MockPersonRepository,
    provider_identity::MockIdentityRepository,
};

/// What the use cases on people need, beside tokens.
#[derive(Clone)]
pub struct PeoplePorts {
    /// People.
    pub people: Arc<dyn PersonRepository>,
    /// Passwords and their hashes.
    pub passwords: Arc<dyn Passwords>,
    /// Which identities belong to which people.
    pub identities: Arc<dyn IdentityRepository>,
    /// The provider that vouches for people, if there is one.
    pub provider: Option<Arc<dyn IdentityProvider>>,
}

#[cfg(any(test, feature = "mocks"))]
impl PeoplePorts {
    /// Ports that expect no call.
    pub fn mocks() -> Self {
        Self {
            people: Arc::new(MockPersonRepository::new()),
            passwords: Arc::new(MockPasswords::new()),
            identities: Arc::new(MockIdentityRepository::new()),
            provider: None,
        }
    }
}
