//! What some pings are about, so that a backend knows what to read and to lock once the neighbours of points are there: the
//! days and entries of their jobs.

use std::collections::{BTreeSet, HashSet};

use stint_domain::capture::{CapturedDay, Gap};
use stint_domain::values::{JobId, TimeEntryId, Timestamp, TokenId, Zone};

use super::{Aimed, Captured, Mark, Point};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::ledger::group::Scope;

/// What the outcome of some pings depends on, and what they may change.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The days that points may change.
    pub(crate) days: BTreeSet<CapturedDay>,
    /// The jobs.
    pub(crate) jobs: BTreeSet<JobId>,
    /// The entries with minutes, and the derived ones.
    pub(crate) entries: BTreeSet<TimeEntryId>,
}

impl Around {
    /// What pings are about whose outcomes, if they are known, and neighbours are there.
    pub(crate) fn of(pings: &[Aimed<'_>], captured: &Captured) -> Self {
        let (mut around, mut seen) = (Self::default(), HashSet::new());
        for Aimed { ping, job } in pings {
            let Some(job) = *job else { continue };
            if captured.outcomes.contains_key(&ping.id) || !seen.insert(ping.id) {
                continue;
            }
            around.jobs.insert(job);
            if ping.minutes.is_some() {
                around.entries.insert(ping.id.into());
            } else {
                around.add_point(captured, ping.token, (ping.at, ping.id), job, (ping.zone, ping.gap));
            }
        }
        around
    }

    /// The point may get, give up or cut short the time after it and the time after the one before it.
    pub(super) fn add_point(
        &mut self,
        captured: &Captured,
        token: TokenId,
        point: Point,
        job: JobId,
        (zone, gap): (Zone, Gap),
    ) {
        self.add_days(job, token, point.0, (zone, gap));
        let before = captured.streams.get(&token).and_then(|stream| stream.range(..point).next_back());
        if let Some(((at, _), Mark { job, .. })) = before
            && point.0.as_micros() - at.as_micros() < gap.as_micros()
        {
            self.add_days(*job, token, *at, (zone, gap));
        }
    }

    /// What is locked and read as for any write of entries.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn scope(&self) -> Scope<'static> {
        Scope { jobs: self.jobs.clone(), entries: self.entries.clone(), ..Scope::default() }
    }

    fn add_days(&mut self, job: JobId, token: TokenId, at: Timestamp, (zone, gap): (Zone, Gap)) {
        self.jobs.insert(job);
        let dates = zone.split(at, later(at, gap.as_micros())).into_iter().map(|(date, _)| date);
        for date in dates.chain([zone.day_of(at)]) {
            let day = CapturedDay { job, token, date };
            self.entries.insert(day.entry_id());
            self.days.insert(day);
        }
    }
}

/// So many microseconds later, or the same where no moment is.
pub(super) fn later(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros() + micros).unwrap_or(at)
}
