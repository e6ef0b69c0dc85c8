//! People, and who they are at OpenID providers.

pub(in crate::sqlite) mod person;
pub(in crate::sqlite) mod provider_identity;
pub(in crate::sqlite) mod rows;
