//! Where pings wait until a worker logs them.

use std::time::Duration;

use async_trait::async_trait;

use crate::BackendError;
use crate::capture::Ping;
use crate::values::Timestamp;

/// Keeps pings from the moment they are accepted until they are logged.
///
/// An implementation owes, beside what each method says:
/// - A ping that was pushed is neither lost nor forgotten until it is settled, whatever process dies; it is as durable
///   as the backend.
/// - A ping is handed out to one consumer at a time. What a consumer took and did not settle (it may have died, or given
///   up the call that was taking) is handed out again once it is [`abandoned`](TakePings::abandoned_after): so at least
///   once, and nearly always once. Whoever has its receipt may settle or bury it, also late.
/// - Pings are handed out roughly in the order in which they came; those of one push in theirs, unless they are abandoned.
/// - A ping that was buried is kept aside with its reason, until it is replayed; it is handed out no more till then.
/// - What is stored and is no ping (any more, or not yet: another release may have written it) is handed out all the same,
///   as an `Err` that says why, and can be settled, buried and replayed.
/// - Receipts that it does not know, or not any more, are passed over.
///
/// Moments of leases and burials are by the backend's own clock.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PingQueue: Send + Sync {
    /// Keeps all pings, or fails and keeps none that it could not promise. After a failure some may be kept all the same:
    /// pushing them again is harmless, because pings count once by their ids.
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError>;

    /// Hands out pings, abandoned ones first. When there is none, waits as long as the command says until one is pushed,
    /// replayed or abandoned, and then hands out what there is: nothing, when the wait is over.
    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError>;

    /// Forgets pings that were dealt with. What is settled already stays so.
    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError>;

    /// Sets aside pings that cannot be dealt with. What is settled or set aside already stays so, with its first reason.
    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError>;

    /// What was set aside, oldest first, at most so many.
    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError>;

    /// Puts back what was set aside, all of it when none is named, and tells how many that were. Unknown ones are left
    /// out. What was put back may have another receipt than before, and its deliveries are counted anew.
    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError>;

    /// Pings that were neither settled nor buried yet, newest first, at most so many; handed-out ones may be among them.
    /// What is no ping is left out.
    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError>;

    /// How full it is.
    async fn depth(&self) -> Result<QueueDepth, BackendError>;
}

/// Hand out pings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakePings {
    /// Who asks: another name for each process, the same while it lives.
    pub consumer: String,
    /// How many at most; of 0, none are handed out, at once.
    pub most: usize,
    /// How long to wait for the first; not at all, when 0.
    pub wait: Duration,
    /// How long after it was handed out an unsettled ping counts as abandoned.
    pub abandoned_after: Duration,
}

/// Names a ping within a queue.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(pub String);

/// A ping that was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What to settle or bury it by.
    pub receipt: Receipt,
    /// The ping; or why what is stored is none.
    pub ping: Result<Ping, String>,
    /// How often it was handed out, this time included.
    pub deliveries: u32,
}

/// Set a ping aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burial {
    /// Which.
    pub receipt: Receipt,
    /// Why, for a person to read.
    pub reason: String,
}

/// A ping that was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPing {
    /// What to replay it by; it may differ from what it was buried by.
    pub receipt: Receipt,
    /// The ping; or what is stored in its place, as text.
    pub ping: Result<Ping, String>,
    /// Why it was set aside.
    pub reason: String,
    /// When.
    pub buried_at: Timestamp,
}

/// How full a queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Pings that are neither settled nor set aside, handed-out ones included.
    pub waiting: u64,
    /// When the one of them came in that is first in line (its `received_at`; when it is no ping, when it was pushed). As
    /// pings are kept roughly in their order, that is roughly the oldest; after a replay it need not be.
    pub oldest: Option<Timestamp>,
    /// Pings that were set aside.
    pub dead: u64,
}
