//! Which neighbours of points a database has to read. They do not change while their tokens are locked.

use stint_domain::capture::Gap;
use stint_domain::values::{PingId, Timestamp, TokenId};

use super::around::later;
use super::{Aimed, Point};

/// A point whose nearest neighbours are needed, if they are less than the gap from it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    pub(crate) token: TokenId,
    pub(crate) point: Point,
    /// A neighbour before the point is later than this.
    pub(crate) first: Timestamp,
    /// A neighbour after the point is earlier than this.
    pub(crate) last: Timestamp,
}

impl Reach {
    pub(super) fn new(token: TokenId, point: Point, gap: Gap) -> Self {
        Self { token, point, first: later(point.0, -gap.as_micros()), last: later(point.0, gap.as_micros()) }
    }

    /// Those of the pings that are points and were not logged before.
    pub(crate) fn of(pings: &[Aimed<'_>], is_logged: impl Fn(PingId) -> bool) -> Vec<Self> {
        let is_point =
            |aimed: &&Aimed<'_>| aimed.ping.minutes.is_none() && aimed.job.is_some() && !is_logged(aimed.ping.id);
        let reach = |Aimed { ping, .. }: &Aimed<'_>| Self::new(ping.token, (ping.at, ping.id), ping.gap);
        pings.iter().filter(is_point).map(reach).collect()
    }
}
