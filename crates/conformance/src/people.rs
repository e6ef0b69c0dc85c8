//! People: their accounts, their identities at providers, their passwords, and the sessions and invitations that go
//! with them.

pub mod passwords;
pub mod person;
pub mod provider_identity;
