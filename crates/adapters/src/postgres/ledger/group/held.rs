//! What a group puts off because its job is held.

use std::collections::{HashMap, HashSet};
use std::slice;

use stint_domain::values::{JobId, TimeEntryId};

use crate::ledger::Write;
use crate::ledger::group::Scope;

/// The held jobs, and the entries whose writes wait for them.
pub(super) struct Held {
    pub(super) jobs: HashSet<JobId>,
    pub(super) entries: HashMap<TimeEntryId, JobId>,
}

impl Held {
    /// The job that the write has to wait for, if any. Later writes of the same entries in the group wait for it too,
    /// so that they stay behind this write.
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
