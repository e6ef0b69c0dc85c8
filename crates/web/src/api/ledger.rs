//! Jobs, time entries, and many entries at once.

mod author;
pub(in crate::api) mod batch;
pub(in crate::api) mod jobs;
pub(in crate::api) mod time_entries;

use crate::endpoint::Endpoint;

/// All routes of this feature. The path of batches also matches that of an entry, so it comes first.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    [jobs::routes::all(), batch::routes::all(), time_entries::routes::all()].into_iter().flatten()
}
