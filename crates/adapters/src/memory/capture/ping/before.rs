//! A copy of what a call on pings may change. A call that fails puts the copy back, and so changes nothing.

use std::collections::{BTreeMap, BTreeSet};

use stint_domain::ledger::{Job, TimeEntry};
use stint_domain::values::{JobId, TimeEntryId, TokenId};

use crate::capture::counting::{Around, Captured};
use crate::ledger::Ledger;
use crate::memory::state::Capture;

/// A copy of only what is around the pings, so that a call does not get slower with the amount of data.
pub(super) struct Before<'a> {
    around: &'a Around,
    tokens: BTreeSet<TokenId>,
    jobs: BTreeMap<JobId, Job>,
    entries: BTreeMap<TimeEntryId, TimeEntry>,
    captured: Captured,
}

impl<'a> Before<'a> {
    /// Copies what pings of these tokens may change.
    pub(super) fn of(
        ledger: &Ledger,
        captured: &Captured,
        around: &'a Around,
        tokens: impl IntoIterator<Item = TokenId>,
    ) -> Self {
        let tokens: BTreeSet<_> = tokens.into_iter().collect();
        let stream = |id: &TokenId| Some((*id, captured.streams.get(id)?.clone()));
        let streams = tokens.iter().filter_map(stream).collect();
        let day = |of| Some((of, captured.days.get(&of)?.clone()));
        let days = around.days.iter().copied().filter_map(day).collect();
        let job = |id: &JobId| Some((*id, ledger.jobs.get(id)?.clone()));
        let entry = |id: &TimeEntryId| Some((*id, ledger.entries.get(id)?.clone()));
        Self {
            around,
            tokens,
            jobs: around.jobs.iter().filter_map(job).collect(),
            entries: around.entries.iter().filter_map(entry).collect(),
            captured: Captured { streams, days, ..Captured::default() },
        }
    }

    /// Restores the copy.
    pub(super) fn put_back(self, ledger: &mut Ledger, capture: &mut Capture) {
        let Capture { captured, pings, .. } = capture;
        for id in &self.around.jobs {
            ledger.jobs.remove(id);
        }
        for id in &self.around.entries {
            ledger.entries.remove(id);
        }
        for id in &self.tokens {
            captured.streams.remove(id);
        }
        for day in &self.around.days {
            captured.days.remove(day);
        }
        ledger.jobs.extend(self.jobs);
        ledger.entries.extend(self.entries);
        captured.streams.extend(self.captured.streams);
        captured.days.extend(self.captured.days);
        captured.outcomes.retain(|id, _| pings.contains_key(id));
    }
}
