//! The port for the queue where pings wait until a worker logs them.

use std::time::Duration;

use async_trait::async_trait;

use crate::BackendError;
use crate::capture::Ping;
use crate::values::Timestamp;

/// Stores pings from the moment they are accepted until they are logged.
///
/// Duties of an implementation, beside those of each method:
/// - A pushed ping stays until it is settled, whatever process dies. It is as durable as the backend.
/// - A ping is handed out to one consumer at a time. If that consumer does not settle it (it may have died, or given
///   up its call of `take`), the ping is handed out again once it is [`abandoned`](TakePings::abandoned_after). So
///   each ping is handed out at least once, and nearly always exactly once. Whoever has its receipt may settle or
///   bury it, also late.
/// - Pings are handed out roughly in order of arrival, and those of one push in the order of the push, except for
///   abandoned ones.
/// - A buried ping is set aside with its reason, and is not handed out until it is replayed.
/// - A stored item that cannot be read as a ping (another release may have written it) is handed out all the same, as
///   an `Err` with the reason. It can be settled, buried and replayed.
/// - Unknown receipts, and receipts of pings that are gone, are ignored.
///
/// Times of leases and burials come from the backend's own clock.
#[cfg_attr(any(test, feature = "mocks"), mockall::automock)]
#[async_trait]
pub trait PingQueue: Send + Sync {
    /// Stores all pings as durably as the backend promises, or fails. After a failure some may be stored all the same:
    /// pushing them again is harmless, because a ping counts once by its id.
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError>;

    /// Hands out pings, abandoned ones first. When the queue is empty, it waits up to the command's `wait` until a
    /// ping is pushed, replayed or abandoned. It returns nothing when the wait ends without one.
    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError>;

    /// Deletes pings that were logged. Repeating this has no effect.
    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError>;

    /// Sets aside pings that cannot be logged. A ping that is settled or set aside already stays so, with its first
    /// reason.
    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError>;

    /// Lists buried pings, oldest first, at most `most`.
    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError>;

    /// Puts buried pings back into the queue, all of them when `which` is `None`, and returns how many. Unknown
    /// receipts are ignored. A replayed ping may get another receipt, and its deliveries are counted from zero.
    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError>;

    /// Lists pings that are neither settled nor buried, newest first, at most `most`. Some of them may be handed out
    /// at the moment. Items that cannot be read as pings are left out.
    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError>;

    /// Counts what is in the queue.
    async fn depth(&self) -> Result<QueueDepth, BackendError>;
}

/// Takes pings from the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakePings {
    /// The name of the calling process: unique among processes, and constant while it lives.
    pub consumer: String,
    /// The most pings to hand out; with 0 the call returns nothing at once.
    pub most: usize,
    /// How long to wait for the first ping; with 0 the call does not wait.
    pub wait: Duration,
    /// How long after it was handed out an unsettled ping counts as abandoned.
    pub abandoned_after: Duration,
}

/// Identifies a ping within a queue. Only the queue that made it can read it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Receipt(pub String);

/// A ping that is handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// For settling or burying it.
    pub receipt: Receipt,
    /// The ping, or the reason why the stored item cannot be read.
    pub ping: Result<Ping, String>,
    /// How often it was handed out, including this time.
    pub deliveries: u32,
}

/// Sets a ping aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Burial {
    /// The ping to bury.
    pub receipt: Receipt,
    /// The reason, for an operator to read.
    pub reason: String,
}

/// A buried ping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadPing {
    /// For replaying it. It may differ from the receipt it was buried by.
    pub receipt: Receipt,
    /// The ping, or the stored item as text when it cannot be read.
    pub ping: Result<Ping, String>,
    /// The reason that was given.
    pub reason: String,
    /// By the backend's clock.
    pub buried_at: Timestamp,
}

/// How full the queue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueDepth {
    /// Pings that are neither settled nor buried, including those that are handed out.
    pub waiting: u64,
    /// When the first ping in line came in: its `received_at`, or when it was pushed if it cannot be read. The queue
    /// keeps its order roughly, so this is roughly the oldest one; after a replay it need not be.
    pub oldest: Option<Timestamp>,
    /// Buried pings.
    pub dead: u64,
}
