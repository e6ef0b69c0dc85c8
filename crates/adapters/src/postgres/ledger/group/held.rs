//! What a group leaves alone, because somebody else holds it.

use std::collections::{HashMap, HashSet};
use std::slice;

use stint_domain::values::{JobId, TimeEntryId};

use crate::ledger::Write;
use crate::ledger::group::Scope;

/// The jobs that somebody else holds, and the entries that wait with them.
pub(super) struct Held {
    pub(super) jobs: HashSet<JobId>,
    pub(super) entries: HashMap<TimeEntryId, JobId>,
}

impl Held {
    /// The job that the write has to wait for, if there is one. Writes of the same entries that come after it in the
    /// group wait with it, so that they stay behind it.
    pub(super) fn job_of(&mut self, write: &Write) -> Option<JobId> {
        if self.jobs.is_empty() && self.entries.is_empty() {
            return None;
        }
        let scope = Scope::of(slice::from_ref(write));
        let named = scope.jobs.iter().find(|job| self.jobs.contains(job)).copied();
        let job = named.or_else(|| scope.entries.iter().find_map(|entry| self.entries.get(entry).copied()))?;
        self.entries.extend(scope.entries.into_iter().map(|entry| (entry, job)));
        Some(job)
    }
}
