//! Jobs, time entries, and many entries at once.

pub(in crate::api) mod batch;
pub(in crate::api) mod jobs;
pub(in crate::api) mod time_entries;

use crate::endpoint::Endpoint;

/// The routes to the ledger. That to batches comes before that to an entry, which would match it as well.
pub(super) fn routes() -> impl Iterator<Item = Endpoint> {
    [jobs::routes::all(), batch::routes::all(), time_entries::routes::all()].into_iter().flatten()
}
