//! What some pings are about, so that a backend knows what to read and to lock.

use std::collections::BTreeSet;

use stint_domain::Stream;
use stint_domain::values::{Gap, JobId, PingId, TimeEntryId, Timestamp, Zone};

use super::{Aimed, DayOf, Point};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use crate::ledger::group::Scope;

/// What the outcome of some pings depends on, and what they may change.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// The pings' ids, which may be known.
    pub(crate) pings: Vec<PingId>,
    /// Points whose neighbours in their stream count.
    pub(crate) points: Vec<(Stream, Point)>,
    /// The days that points may change.
    pub(crate) days: BTreeSet<DayOf>,
    /// The jobs.
    pub(crate) jobs: BTreeSet<JobId>,
    /// The entries with minutes, and the derived ones.
    pub(crate) entries: BTreeSet<TimeEntryId>,
}

impl Around {
    pub(crate) fn of(pings: &[Aimed<'_>]) -> Self {
        let mut around = Self::default();
        for Aimed { ping, job } in pings {
            around.pings.push(ping.id);
            let Some(job) = *job else { continue };
            around.jobs.insert(job);
            if ping.minutes.is_some() {
                around.entries.insert(ping.id.into());
            } else {
                around.add_point(Stream { job, token: ping.token }, (ping.at, ping.id), ping.zone, ping.gap);
            }
        }
        around
    }

    /// The pair of a point and a neighbour reaches less than a gap from it.
    pub(super) fn add_point(&mut self, stream: Stream, point: Point, zone: Zone, gap: Gap) {
        self.points.push((stream, point));
        let moment = |micros: i64| Timestamp::from_micros(micros).unwrap_or(point.0);
        let (first, last) =
            (moment(point.0.as_micros() - gap.as_micros()), moment(point.0.as_micros() + gap.as_micros()));
        self.add_day((stream, zone.day_of(point.0)));
        for (day, _) in zone.split(first, last) {
            self.add_day((stream, day));
        }
    }

    /// What is locked and read as for any write of entries.
    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    pub(crate) fn scope(&self) -> Scope<'static> {
        Scope { jobs: self.jobs.clone(), entries: self.entries.clone(), ..Scope::default() }
    }

    fn add_day(&mut self, day: DayOf) {
        let (stream, date) = day;
        self.entries.insert(stream.entry_of(date));
        self.days.insert(day);
    }
}
