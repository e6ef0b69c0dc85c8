//! People, and who they are at OpenID providers.

pub(in crate::memory) mod person;
pub(in crate::memory) mod provider_identity;
