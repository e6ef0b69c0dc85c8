//! A token's stream: its points in order, and whose the time between them is.
//!
//! The time between two neighbours that are less than the gap apart belongs to the job of the earlier one. It is nobody's
//! when it was dropped, because that job took none when the later one came ([`Mark::anew`]).

use std::collections::BTreeMap;

use stint_domain::CapturedDay;
use stint_domain::values::{Gap, JobId, PingId, Timestamp, TokenId, Zone};

/// When a ping that counts says that work was happening.
pub(crate) type Point = (Timestamp, PingId);

/// A token's pings that count and have no minutes.
pub(crate) type Stream = BTreeMap<Point, Mark>;

/// What is known of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The job that it is for.
    pub(crate) job: JobId,
    /// The time before it is nobody's.
    pub(crate) anew: bool,
}

/// What comes before and after a point.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Neighbours {
    before: Option<(Timestamp, Mark)>,
    after: Option<(Timestamp, Mark)>,
}

/// Time that a job gets or gives up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) job: JobId,
    from: Timestamp,
    to: Timestamp,
    /// 1 or -1.
    pub(super) sign: i64,
}

impl Change {
    /// The other way round.
    pub(super) fn undone(self) -> Self {
        Self { sign: -self.sign, ..self }
    }

    /// The local days of the time, each with its share in microseconds.
    pub(super) fn days(&self, token: TokenId, zone: Zone) -> impl Iterator<Item = (CapturedDay, i64)> + use<> {
        let job = self.job;
        zone.split(self.from, self.to).into_iter().map(move |(date, micros)| (CapturedDay { job, token, date }, micros))
    }
}

impl Neighbours {
    /// Those of the point, which may be in the stream itself.
    pub(super) fn of(stream: &Stream, point: Point) -> Self {
        let at = |(point, mark): (&Point, &Mark)| (point.0, *mark);
        let after = (std::ops::Bound::Excluded(point), std::ops::Bound::Unbounded);
        Self { before: stream.range(..point).next_back().map(at), after: stream.range(after).next().map(at) }
    }

    /// What it changes that the point comes between them.
    pub(super) fn changes(self, at: Timestamp, mark: Mark, gap: Gap) -> Vec<Change> {
        let is_near = |from: Timestamp, to: Timestamp| to.as_micros() - from.as_micros() < gap.as_micros();
        let counts =
            |from: Timestamp| self.after.and_then(|(to, mark)| Some(to).filter(|_| !mark.anew && is_near(from, to)));
        let before = self.before.and_then(|(from, Mark { job, .. })| match (counts(from), mark.anew) {
            // Up to now all of it was the earlier one's.
            (Some(to), false) => Some(Change { job, from: at, to, sign: -1 }),
            (Some(to), true) => Some(Change { job, from, to, sign: -1 }),
            (None, false) if is_near(from, at) => Some(Change { job, from, to: at, sign: 1 }),
            (None, _) => None,
        });
        let own = counts(at).map(|to| Change { job: mark.job, from: at, to, sign: 1 });
        before.into_iter().chain(own).filter(|change| change.from < change.to).collect()
    }
}
