//! How much memory the bodies of all requests may take together, and those of one sender.
//!
//! It has four parts. Nine sixteenths are for the bytes of large bodies. Two are for those of small ones, which so never
//! queue behind large ones. One is for what decodes bodies, and four are for the values that are made of them. One sender
//! has at most a third of each of the first three parts, and waits for its own bodies before it joins the line of all.
//!
//! A body takes memory in this order: for decoding, for its bytes (all at once, before they are read), for its values, and
//! then its turn on a thread. Nobody waits for an earlier step while it holds a later one, so every wait ends. The line is
//! first come, first served.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::available_parallelism;

use prometheus_client::metrics::counter::Counter;
use tokio::sync::{AcquireError, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::HttpMetrics;
use crate::auth::Sender;
use crate::pieces::Answers;
use crate::problem::{Code, Problem};

/// What a body may have without asking: a connection has buffers of such a size of its own. Most bodies are smaller.
pub(super) const FREE: usize = 8 << 10;

/// What is counted in.
const UNIT: usize = 1 << 10;
/// How many small bodies there is room for at least: smaller ones than what that makes are small.
const SMALL: usize = 32;
/// What decodes a gzip stream: its window and its tables.
const DECODER: usize = 80 << 10;
/// How many senders share the memory at least.
const SENDERS: u32 = 3;

/// The memory for bodies. Cloning is cheap; all clones share it.
#[derive(Clone, Debug)]
pub struct BodyBudget {
    large: Share,
    small: Share,
    decoders: Share,
    values: Share,
    /// Threads on which large bodies are worked on at once.
    threads: Share,
    refused: Counter,
    /// The other bodies: those of answers.
    answers: Answers,
}

/// A part of the memory.
#[derive(Clone, Debug)]
struct Share {
    units: Arc<Semaphore>,
    all: u32,
    /// What each sender may have of it, for those who have some or wait for it.
    senders: Arc<Mutex<HashMap<Sender, Arc<Semaphore>>>>,
}

/// Room that somebody has, until this is dropped.
#[derive(Debug, Default)]
pub(crate) struct Room {
    of_all: Option<OwnedSemaphorePermit>,
    of_sender: Option<OwnedSemaphorePermit>,
}

impl BodyBudget {
    /// So many bytes. What the largest body takes must fit into half of it.
    pub fn new(bytes: usize, metrics: &HttpMetrics) -> Self {
        let units = bytes / UNIT;
        let (small, decoders, values) = (units / 8, units / 16, units / 4);
        Self::of([units - small - decoders - values, small, decoders, values], metrics)
    }

    /// So many units for each.
    pub(super) fn of([large, small, decoders, values]: [usize; 4], metrics: &HttpMetrics) -> Self {
        let [large, small, decoders, values] = [large, small, decoders, values].map(Share::of);
        // The other cores answer meanwhile.
        let threads = Share::of(available_parallelism().map_or(1, usize::from) / 2);
        Self {
            large,
            small,
            decoders,
            values,
            threads,
            refused: metrics.bodies_refused(),
            answers: Answers::new(metrics),
        }
    }

    /// Room for the bytes of a body, as soon as there is some.
    pub(super) async fn for_bytes(&self, sender: Sender, bytes: usize, until: Instant) -> Result<Room, Problem> {
        if bytes <= FREE {
            return Ok(Room::default());
        }
        let is_small = bytes <= self.small.all as usize * UNIT / SMALL;
        let share = if is_small { &self.small } else { &self.large };
        self.in_time(share.take_of(sender, bytes), until).await
    }

    /// Room for what decodes a body, which is to be had before the room for its bytes.
    pub(super) async fn for_decoder(&self, sender: Sender, until: Instant) -> Result<Room, Problem> {
        self.in_time(self.decoders.take_of(sender, DECODER), until).await
    }

    /// Room for what is made of a body, which is to be given back before anything else is waited for.
    pub(super) async fn for_values(&self, bytes: usize, until: Instant) -> Result<Room, Problem> {
        if bytes <= FREE {
            return Ok(Room::default());
        }
        self.in_time(self.values.take(bytes), until).await
    }

    /// A thread to work on a large body, which has the room for its values: who has one waits for nothing else.
    pub(super) async fn for_work(&self, until: Instant) -> Result<Room, Problem> {
        self.in_time(self.threads.take(UNIT), until).await
    }

    /// The large answers that wait for their readers.
    pub(crate) const fn answers(&self) -> &Answers {
        &self.answers
    }

    async fn in_time(
        &self,
        room: impl Future<Output = Result<Room, AcquireError>>,
        until: Instant,
    ) -> Result<Room, Problem> {
        if let Ok(Ok(room)) = timeout_at(until, room).await {
            return Ok(room);
        }
        self.refused.inc();
        let detail = "too many large bodies are being read at the moment; nothing was done";
        Err(Problem::new(Code::Unavailable, detail))
    }
}

impl Share {
    fn of(units: usize) -> Self {
        let all = u32::try_from(units.clamp(1, Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { units: Arc::new(Semaphore::new(all as usize)), all, senders: Arc::default() }
    }

    /// Room for so many bytes, never more than there are: who needs more gets all.
    async fn take(&self, bytes: usize) -> Result<Room, AcquireError> {
        let of_all = Arc::clone(&self.units).acquire_many_owned(units(bytes).min(self.all)).await?;
        Ok(Room { of_all: Some(of_all), of_sender: None })
    }

    /// The same, of what a sender may have. Who needs more than that has nothing else meanwhile.
    async fn take_of(&self, sender: Sender, bytes: usize) -> Result<Room, AcquireError> {
        let of_sender = self.each(sender).acquire_many_owned(units(bytes).min(self.most())).await?;
        Ok(Room { of_sender: Some(of_sender), ..self.take(bytes).await? })
    }

    /// The most that one sender has.
    fn most(&self) -> u32 {
        (self.all / SENDERS).max(1)
    }

    fn each(&self, sender: Sender) -> Arc<Semaphore> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever has or waits for some holds theirs.
        senders.retain(|_, units| Arc::strong_count(units) > 1);
        Arc::clone(senders.entry(sender).or_insert_with(|| Arc::new(Semaphore::new(self.most() as usize))))
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

impl Room {
    /// Whether it is none.
    pub(super) const fn is_none(&self) -> bool {
        self.of_all.is_none()
    }

    /// Gives back what so many bytes do not need.
    pub(super) fn shrink_to(&mut self, bytes: usize) {
        let needed = if bytes <= FREE { 0 } else { bytes.div_ceil(UNIT) };
        for permit in [&mut self.of_all, &mut self.of_sender].into_iter().flatten() {
            drop(permit.split(permit.num_permits().saturating_sub(needed)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::FutureExt;
    use prometheus_client::registry::Registry;
    use stint_domain::values::TokenId;

    use super::*;

    /// A budget of 96 KiB for large bodies, 320 KiB for small ones (of up to 10 KiB), and 32 KiB for values.
    fn budget() -> BodyBudget {
        BodyBudget::of([96, 320, 320, 32], &HttpMetrics::new(&mut Registry::default()))
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    const fn id(which: u128) -> TokenId {
        TokenId::new(uuid::Uuid::from_u128(which))
    }

    /// Senders.
    const OF: [Sender; 5] = [None, Some(id(1)), Some(id(2)), Some(id(3)), Some(id(4))];

    #[actix_web::test]
    async fn who_finds_no_room_gets_it_when_another_one_is_done() {
        let budget = budget();
        let first = budget.for_bytes(OF[1], 64 << 10, soon()).await.unwrap();
        let mut second = Box::pin(budget.for_bytes(OF[2], 64 << 10, soon()));
        assert!(second.as_mut().now_or_never().is_none());
        let mut less_but_later = Box::pin(budget.for_bytes(OF[3], 12 << 10, soon()));
        assert!(less_but_later.as_mut().now_or_never().is_none(), "who came first is served first");
        drop(first);
        let second = second.now_or_never().unwrap().unwrap();
        less_but_later.now_or_never().unwrap().unwrap();
        assert!(budget.for_bytes(OF[4], 40 << 10, Instant::now()).await.is_err());
        drop(second);
        assert!(budget.for_bytes(OF[4], 96 << 10, Instant::now()).await.is_ok());
    }

    #[actix_web::test]
    async fn one_sender_has_a_third_and_waits_for_its_own_bodies_alone() {
        let budget = budget();
        let _first = budget.for_bytes(OF[1], 20 << 10, soon()).await.unwrap();
        let mut second = Box::pin(budget.for_bytes(OF[1], 20 << 10, soon()));
        assert!(second.as_mut().now_or_never().is_none());
        let mut more = Vec::new();
        for other in [2, 3] {
            more.push(budget.for_bytes(OF[other], 32 << 10, Instant::now()).await.unwrap());
        }
        drop(more);
        assert!(budget.for_bytes(OF[1], 12 << 10, Instant::now()).await.is_err(), "behind the second");
        drop(second);
        assert!(budget.for_bytes(OF[1], 12 << 10, Instant::now()).await.is_ok());
        let of_whom = budget.large.senders.lock().unwrap().len();
        assert!(of_whom <= 2, "{of_whom} are known who have nothing");
    }

    #[actix_web::test]
    async fn small_bodies_do_not_queue_behind_large_ones() {
        let budget = budget();
        let _all = budget.for_bytes(OF[1], 96 << 10, soon()).await.unwrap();
        let mut waiting = Box::pin(budget.for_bytes(OF[2], 96 << 10, soon()));
        assert!(waiting.as_mut().now_or_never().is_none());
        let rooms = [1, 2].map(|of| budget.for_bytes(OF[of], 10 << 10, Instant::now()).now_or_never().unwrap());
        assert!(rooms.iter().all(Result::is_ok));
        assert!(budget.for_bytes(OF[3], 11 << 10, Instant::now()).await.is_err());
    }

    #[actix_web::test]
    async fn who_waits_too_long_is_refused_and_counted() {
        let budget = budget();
        let _all = budget.for_bytes(OF[1], usize::MAX, soon()).await.unwrap();
        let problem = budget.for_bytes(OF[2], 12 << 10, Instant::now()).await.unwrap_err();
        assert_eq!((problem.code(), budget.refused.get()), (Code::Unavailable, 1));
    }

    #[actix_web::test]
    async fn the_smallest_bodies_and_values_need_no_room_that_bodies_have() {
        let budget = budget();
        let _all = budget.for_bytes(None, 96 << 10, soon()).await.unwrap();
        assert!(budget.for_bytes(None, FREE, Instant::now()).await.is_ok());
        let values = budget.for_values(1 << 30, Instant::now()).await.unwrap();
        assert!(budget.for_values(FREE + 1, Instant::now()).await.is_err());
        drop(values);
        assert!(budget.for_values(32 << 10, Instant::now()).await.is_ok());
    }

    #[actix_web::test]
    async fn what_is_not_needed_is_given_back() {
        let budget = budget();
        let mut room = budget.for_bytes(None, 96 << 10, soon()).await.unwrap();
        room.shrink_to(11 << 10);
        assert_eq!(budget.large.units.available_permits(), 85);
        assert!(budget.for_bytes(None, 21 << 10, Instant::now()).await.is_ok());
        room.shrink_to(FREE);
        assert_eq!(budget.large.units.available_permits(), 96);
    }
}
