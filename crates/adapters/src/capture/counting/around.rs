//! What some pings concern: the days and entries of their jobs. A backend reads and locks these once the neighbours
//! of the points are read.

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
    /// The jobs of the pings and of the time around them.
    pub(crate) jobs: BTreeSet<JobId>,
    /// The entries of pings with minutes, and derived entries.
    pub(crate) entries: BTreeSet<TimeEntryId>,
}

impl Around {
    /// Computes it from the pings. `captured` must contain their outcomes, if they were logged before, and their
    /// neighbours.
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

    /// Adding the point may give its job time, take time away, or shorten the time of the point before it.
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

    /// The same things as a scope, which is locked and read as for any write of entries.
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

/// The moment `micros` microseconds later, or `at` itself when there is no such moment.
pub(super) fn later(at: Timestamp, micros: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros() + micros).unwrap_or(at)
}
