//! A token's stream: its points in order, and which job has the time between them.
//!
//! The time between two neighbours that are less than the gap apart belongs to the job of the earlier one. It belongs
//! to no job when it was dropped, because that job accepted no time when the later point came ([`Mark::anew`]). A
//! point that comes between two such points takes over the mark, and the time after it is its own job's. A point that
//! is taken back passes its mark to the next one.

use std::collections::BTreeMap;

use stint_domain::capture::{CapturedDay, Gap};
use stint_domain::values::{JobId, PingId, Timestamp, TokenId, Zone};

/// The time and id of a ping that counts.
pub(crate) type Point = (Timestamp, PingId);

/// A token's pings that count and have no minutes.
pub(crate) type Stream = BTreeMap<Point, Mark>;

/// What is stored about a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The job that it counts for.
    pub(crate) job: JobId,
    /// The time before it belongs to no job.
    pub(crate) anew: bool,
}

/// The points before and after a point, less than the gap from it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Neighbours {
    before: Option<(Point, Mark)>,
    after: Option<(Point, Mark)>,
    at: Timestamp,
    gap: Gap,
}

/// Which of the three pairs prove nothing: the first and the last point while none is between them, the first and the
/// middle one, the middle and the last one.
struct Anew {
    without: bool,
    before: bool,
    after: bool,
}

/// Time that a job gains or loses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shift {
    pub(super) job: JobId,
    from: Timestamp,
    to: Timestamp,
    /// 1 or -1.
    pub(super) sign: i64,
}

impl Shift {
    /// The local days of the time, each with its share in microseconds.
    pub(super) fn days(&self, token: TokenId, zone: Zone) -> impl Iterator<Item = (CapturedDay, i64)> + use<> {
        let job = self.job;
        zone.split(self.from, self.to).into_iter().map(move |(date, micros)| (CapturedDay { job, token, date }, micros))
    }
}

impl Neighbours {
    /// The neighbours of the point, which may be in the stream itself.
    pub(super) fn of(stream: Option<&Stream>, point: Point, gap: Gap) -> Self {
        let is_near =
            |other: Timestamp| point.0.as_micros().abs_diff(other.as_micros()) < gap.as_micros().unsigned_abs();
        let near =
            |found: Option<(&Point, &Mark)>| found.map(|(point, mark)| (*point, *mark)).filter(|(p, _)| is_near(p.0));
        let after = (std::ops::Bound::Excluded(point), std::ops::Bound::Unbounded);
        let before = near(stream.and_then(|stream| stream.range(..point).next_back()));
        Self { before, after: near(stream.and_then(|stream| stream.range(after).next())), at: point.0, gap }
    }

    /// Whether the time before a new point belongs to no job: it belonged to none before.
    pub(super) fn begin_anew(&self) -> bool {
        self.before.is_some() && self.is_anew_after()
    }

    /// The point after it, if that one has a mark. When a new point comes before it, the time between the two is the
    /// new point's.
    pub(super) fn anew_after(&self) -> Option<Point> {
        self.after.filter(|(_, mark)| mark.anew).map(|(point, _)| point)
    }

    /// The point after it, if that one gets the mark of the point that is taken back.
    pub(super) fn inherits(&self, mark: Mark) -> Option<Point> {
        self.after.filter(|(_, after)| mark.anew && !after.anew).map(|(point, _)| point)
    }

    /// The shifts of time when the point is added.
    pub(super) fn shifts(&self, mark: Mark) -> Vec<Shift> {
        self.between(mark.job, &Anew { without: self.is_anew_after(), before: mark.anew, after: false })
    }

    /// The shifts of time when the point is taken back.
    pub(super) fn shifts_without(&self, mark: Mark) -> Vec<Shift> {
        let after = self.is_anew_after();
        let came = self.between(mark.job, &Anew { without: mark.anew || after, before: mark.anew, after });
        came.into_iter().map(|shift| Shift { sign: -shift.sign, ..shift }).collect()
    }

    fn is_anew_after(&self) -> bool {
        self.after.is_some_and(|(_, mark)| mark.anew)
    }

    fn between(&self, job: JobId, anew: &Anew) -> Vec<Shift> {
        let (at, after) = (self.at, self.after.map(|((to, _), _)| to));
        let is_near = |from: Timestamp, to: &Timestamp| to.as_micros() - from.as_micros() < self.gap.as_micros();
        let before = self.before.and_then(|((from, _), Mark { job, .. })| {
            match (after.filter(|to| !anew.without && is_near(from, to)), anew.before) {
                // Until now, all of the time was the earlier point's.
                (Some(to), false) => Some(Shift { job, from: at, to, sign: -1 }),
                (Some(to), true) => Some(Shift { job, from, to, sign: -1 }),
                (None, false) => Some(Shift { job, from, to: at, sign: 1 }),
                (None, true) => None,
            }
        });
        let own = after.filter(|_| !anew.after).map(|to| Shift { job, from: at, to, sign: 1 });
        before.into_iter().chain(own).filter(|shift| shift.from < shift.to).collect()
    }
}
