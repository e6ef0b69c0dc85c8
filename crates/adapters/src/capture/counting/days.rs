//! A job's share of a token's stream on one day, and the entry that is derived from it.

use std::collections::BTreeSet;

use stint_domain::BackendError;
use stint_domain::capture::CapturedDay;
use stint_domain::ledger::ports::time_entry::{
    DeleteTimeEntry, NewTimeEntry, RecordTime, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::ledger::{Minutes, Precondition, TimeEntry, WorkSummary};
use stint_domain::values::{PingId, Subject, Timestamp, Version};
use uuid::Uuid;

use super::{Around, Captured, Point};
use crate::ledger::Ledger;

/// A job's share of a stream on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Day {
    /// The time that it proves, in microseconds.
    pub(crate) micros: i64,
    /// The latest summary of the day's pings, or the one that somebody wrote into the entry.
    pub(crate) summary: Option<Summary>,
    /// The version of the derived entry when it was last written here.
    pub(crate) entry_version: Option<Version>,
    /// Whether the entry is somebody else's now.
    pub(crate) detached: bool,
}

/// A summary, and the ping that it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) of: Point,
    pub(crate) text: WorkSummary,
}

/// The position of summaries that people wrote: later than every ping.
const LAST_WORD: Point = (Timestamp::MAX, PingId::new(Uuid::max()));

impl Day {
    /// Whole minutes, at most those of a day.
    fn minutes(&self) -> Option<Minutes> {
        let whole = self.micros / 60_000_000;
        Minutes::new(whole.min(Minutes::MAX.into())).ok()
    }

    fn text(&self) -> WorkSummary {
        self.summary.as_ref().map(|summary| summary.text.clone()).unwrap_or_default()
    }

    /// Takes the summary of a ping, unless there is a later one.
    pub(super) fn tell(&mut self, of: Point, text: Option<&WorkSummary>) {
        if let Some(text) = text
            && self.summary.as_ref().is_none_or(|latest| latest.of < of)
        {
            self.summary = Some(Summary { of, text: text.clone() });
        }
    }

    /// Whether the entry is somebody else's now: it was made or deleted by hand, or has other minutes, another date
    /// or another job than it was given here. Other edits do not count.
    fn is_theirs(&self, day: CapturedDay, entry: Option<&TimeEntry>) -> bool {
        match (entry, self.entry_version) {
            (None, None) => false,
            (Some(entry), Some(written)) => {
                let place = (entry.related_job, entry.date_stamp, Some(entry.minutes_worked));
                // An entry that was deleted and made again was created later than it was written here.
                let is_another = Version::initial(entry.created_at) > written;
                entry.version != written && (is_another || place != (day.job, day.date, self.minutes()))
            }
            (Some(_), None) | (None, Some(_)) => true,
        }
    }
}

impl Ledger {
    /// Notes what somebody did to derived entries, and returns the days that this changed. They must be stored: if a
    /// day were taken back later, it would have only a part of its time.
    pub(super) fn note(&self, captured: &mut Captured, around: &Around) -> BTreeSet<CapturedDay> {
        let mut noted = BTreeSet::new();
        for day in &around.days {
            let state = captured.days.entry(*day).or_default();
            let entry = self.entries.get(&day.entry_id());
            if state.detached {
                continue;
            }
            if state.is_theirs(*day, entry) {
                state.detached = true;
                noted.insert(*day);
            } else if let Some(entry) = entry.filter(|entry| Some(entry.version) != state.entry_version)
                && entry.work_summary != state.text()
            {
                state.summary = Some(Summary { of: LAST_WORD, text: entry.work_summary.clone() });
                noted.insert(*day);
            }
        }
        noted
    }

    /// Updates the derived entry to the day's share, unless the day is closed.
    pub(super) fn derive(
        &mut self,
        captured: &mut Captured,
        day: CapturedDay,
        subject: &Subject,
        at: Timestamp,
    ) -> Result<(), BackendError> {
        let Some(state) = captured.days.get_mut(&day).filter(|state| !state.detached) else { return Ok(()) };
        if self.target(Some(day.job)).is_err() {
            return Ok(());
        }
        let (id, precondition) = (day.entry_id(), Precondition::None);
        state.entry_version = match (self.entries.get(&id), state.minutes()) {
            (None, None) => None,
            (None, Some(minutes_worked)) => {
                let entry = NewTimeEntry {
                    id,
                    related_job: day.job,
                    minutes_worked,
                    date_stamp: day.date,
                    work_summary: state.text(),
                    created_by: subject.clone(),
                };
                let recorded = self.record(&RecordTime { entry, at, idempotency: None });
                Some(recorded.map_err(|error| self.internal(error))?.outcome.version)
            }
            (Some(entry), Some(minutes)) => {
                let text = state.text();
                let changes = TimeEntryChanges {
                    minutes_worked: Some(minutes).filter(|minutes| *minutes != entry.minutes_worked),
                    work_summary: Some(text).filter(|text| *text != entry.work_summary),
                    ..TimeEntryChanges::default()
                };
                let updated = self.update(&UpdateTimeEntry { id, changes, owner: None, at, precondition });
                Some(updated.map_err(|error| self.internal(error))?.version)
            }
            (Some(_), None) => {
                let deleted = self.delete(&DeleteTimeEntry { id, owner: None, at, precondition });
                deleted.map_err(|error| self.internal(error))?;
                None
            }
        };
        Ok(())
    }
}
