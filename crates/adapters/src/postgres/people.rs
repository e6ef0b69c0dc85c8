//! People, and who they are at OpenID providers.

pub(in crate::postgres) mod person;
pub(in crate::postgres) mod provider_identity;
pub(in crate::postgres) mod rows;
