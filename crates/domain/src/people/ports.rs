//! Where people are stored, and how passwords are hashed.

pub mod passwords;
pub mod person;

use std::sync::Arc;

pub use passwords::Passwords;
pub use person::PersonRepository;
#[cfg(any(test, feature = "mocks"))]
pub use {passwords::MockPasswords, person::MockPersonRepository};

/// What the use cases on people need, beside tokens.
#[derive(Clone)]
pub struct PeoplePorts {
    /// People.
    pub people: Arc<dyn PersonRepository>,
    /// Passwords and their hashes.
    pub passwords: Arc<dyn Passwords>,
}

#[cfg(any(test, feature = "mocks"))]
impl PeoplePorts {
    /// Ports that expect no call.
    pub fn mocks() -> Self {
        Self { people: Arc::new(MockPersonRepository::new()), passwords: Arc::new(MockPasswords::new()) }
    }
}
