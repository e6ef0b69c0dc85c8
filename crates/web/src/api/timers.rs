//! Timers: what people are doing now.

pub(in crate::api) mod timer;

use crate::endpoint::Endpoint;

/// All routes of this feature.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    timer::routes::all().into_iter()
}
