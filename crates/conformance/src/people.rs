//! People: their accounts, their passwords, and the sessions and invitations that go with them.

pub mod passwords;
pub mod person;
