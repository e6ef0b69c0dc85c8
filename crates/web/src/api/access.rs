//! Tokens for the API.

pub(in crate::api) mod tokens;

use crate::endpoint::Endpoint;

/// All routes of this feature.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    tokens::routes::all().into_iter()
}
