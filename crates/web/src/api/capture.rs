//! Pings, the tokens that send them, and the protocol of WakaTime's plugins.

pub(in crate::api) mod capture_tokens;
pub(in crate::api) mod ping;
pub(in crate::api) mod pings;
pub(in crate::api) mod wakatime;

use crate::endpoint::Endpoint;

/// All routes of this feature, except those by which pings are sent.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    [pings::routes::all(), capture_tokens::routes::all(), wakatime::routes::all()].into_iter().flatten()
}
