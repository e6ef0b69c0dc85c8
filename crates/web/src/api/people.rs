//! People: their accounts, signing in, and what they do with their own account.

pub(in crate::api) mod account;
pub(in crate::api) mod invitations;
pub(in crate::api) mod person;
pub(in crate::api) mod session;
pub(in crate::api) mod sessions;

use crate::endpoint::Endpoint;

/// All routes of this feature.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    [
        session::routes::all(),
        invitations::routes::all(),
        account::routes::all(),
        sessions::routes::all(),
        person::routes::all(),
    ]
    .into_iter()
    .flatten()
}
