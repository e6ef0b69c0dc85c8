//! How much memory the bodies of all requests may take together.
//!
//! Three quarters of it are for their bytes, one quarter for the values that are made of them. Each body takes what it
//! needs of the first in one go, before it is read, and of the second while it is parsed, which waits for nothing: so
//! nobody who waits holds what another one who waits needs, and every wait ends. Who came first is served first.

use std::sync::Arc;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::HttpMetrics;
use crate::problem::{Code, Problem};

/// What a body may have without asking: a connection has buffers of such a size of its own. Most bodies are smaller.
pub(super) const FREE: usize = 8 << 10;

/// What is counted in.
const UNIT: usize = 1 << 10;

/// The memory for bodies. Cloning is cheap; all clones share it.
#[derive(Clone, Debug)]
pub struct BodyBudget {
    bytes: Share,
    values: Share,
    refused: Counter,
}

/// A part of the memory.
#[derive(Clone, Debug)]
struct Share {
    units: Arc<Semaphore>,
    all: u32,
}

/// Room that somebody has, until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Room(Option<OwnedSemaphorePermit>);

impl BodyBudget {
    /// So many bytes. What the largest body takes must fit into half of it.
    pub fn new(bytes: usize, metrics: &HttpMetrics) -> Self {
        let units = bytes / UNIT;
        Self { bytes: Share::of(units - units / 4), values: Share::of(units / 4), refused: metrics.bodies_refused() }
    }

    /// Room for the bytes of a body, as soon as there is some.
    pub(super) async fn for_bytes(&self, bytes: usize, until: Instant) -> Result<Room, Problem> {
        self.room(&self.bytes, bytes, until).await
    }

    /// Room for what is made of a body, which is to be given back before anything else is waited for.
    pub(super) async fn for_values(&self, bytes: usize, until: Instant) -> Result<Room, Problem> {
        self.room(&self.values, bytes, until).await
    }

    async fn room(&self, share: &Share, bytes: usize, until: Instant) -> Result<Room, Problem> {
        if bytes <= FREE {
            return Ok(Room::default());
        }
        let units = share.units_of(bytes);
        if let Ok(permit) = Arc::clone(&share.units).try_acquire_many_owned(units) {
            return Ok(Room(Some(permit)));
        }
        if let Ok(Ok(permit)) = timeout_at(until, Arc::clone(&share.units).acquire_many_owned(units)).await {
            return Ok(Room(Some(permit)));
        }
        self.refused.inc();
        let detail = "too many large bodies are being read at the moment; nothing was done";
        Err(Problem::new(Code::Unavailable, detail))
    }
}

impl Share {
    fn of(units: usize) -> Self {
        let all = u32::try_from(units.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { units: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Never more than there are: who needs more gets all.
    fn units_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.all)
    }
}

impl Room {
    /// Whether it is none.
    pub(super) const fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// Gives back what so many bytes do not need.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let Some(permit) = &mut self.0 else { return };
        let needed = if bytes <= FREE { 0 } else { bytes.div_ceil(UNIT) };
        drop(permit.split(permit.num_permits().saturating_sub(needed)));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use prometheus_client::registry::Registry;

    use super::*;

    /// A budget of 96 KiB for bytes and 32 KiB for values.
    fn budget() -> BodyBudget {
        BodyBudget::new(128 << 10, &HttpMetrics::new(&mut Registry::default()))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[actix_web::test]
    async fn who_finds_no_room_gets_it_when_another_one_is_done() {
        let budget = budget();
        let first = budget.for_bytes(64 << 10, soon()).await.unwrap();
        let mut second = Box::pin(budget.for_bytes(64 << 10, soon()));
        assert!(second.as_mut().now_or_never().is_none());
        let mut small_but_later = Box::pin(budget.for_bytes(9 << 10, soon()));
        assert!(small_but_later.as_mut().now_or_never().is_none(), "who came first is served first");
        drop(first);
        let second = second.now_or_never().unwrap().unwrap();
        small_but_later.now_or_never().unwrap().unwrap();
        assert!(budget.for_bytes(40 << 10, Instant::now()).await.is_err());
        drop(second);
        assert!(budget.for_bytes(96 << 10, Instant::now()).await.is_ok());
    }

    #[actix_web::test]
    async fn who_waits_too_long_is_refused_and_counted() {
        let budget = budget();
        let _all = budget.for_bytes(usize::MAX, soon()).await.unwrap();
        let problem = budget.for_bytes(FREE + 1, Instant::now()).await.unwrap_err();
        assert_eq!((problem.code(), budget.refused.get()), (Code::Unavailable, 1));
    }

    #[actix_web::test]
    async fn small_bodies_and_values_need_no_room_that_bodies_have() {
        let budget = budget();
        let _all = budget.for_bytes(96 << 10, soon()).await.unwrap();
        assert!(budget.for_bytes(FREE, Instant::now()).await.is_ok());
        let values = budget.for_values(1 << 30, Instant::now()).await.unwrap();
        assert!(budget.for_values(FREE + 1, Instant::now()).await.is_err());
        drop(values);
        assert!(budget.for_values(32 << 10, Instant::now()).await.is_ok());
    }

    #[actix_web::test]
    async fn what_is_not_needed_is_given_back() {
        let budget = budget();
        let mut room = budget.for_bytes(96 << 10, soon()).await.unwrap();
        room.shrink_to(10 << 10);
        assert_eq!(budget.bytes.units.available_permits(), 86);
        room.shrink_to(FREE);
        assert_eq!(budget.bytes.units.available_permits(), 96);
    }
}
