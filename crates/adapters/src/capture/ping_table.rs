//! A ping queue in a database table: what Postgres and SQLite share.
//!
//! A ping is a row. Handing it out is a lease: the row names the consumer and the time. A take leases rows that have
//! no lease or an old one. Settling deletes the row; burying keeps it with a reason. Each dialect implements
//! [`PingTable`], in the file of the port's name.
//!
//! Concurrent pushes share one insert and one commit, like everything that is coalesced. A take that finds nothing is
//! woken at once by a push through the same handle. It finds rows of other processes by looking every [`POLL`].
//! `LISTEN` is not used, because a transaction pooler has no sessions and SQLite has no such command.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use prometheus_client::registry::Registry;
use stint_domain::BackendError;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::values::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::capture::stored_ping;
use crate::grouping::{Coalescer, Group, GroupError, GroupLimits, Workers};

/// How often a waiting take looks for abandoned rows and for rows of other processes.
const POLL: Duration = Duration::from_millis(100);

/// One group of pushes of up to 1,000 pings at a time, and one more when that is stuck or another whole group waits.
/// 20,000 pings may wait.
pub(crate) const PUSHES: GroupLimits = GroupLimits {
    workers: 1,
    spare_workers: 1,
    stuck_after: Duration::from_millis(50),
    group_weight: 1_000,
    max_waiting: 20_000,
    split_for: Duration::from_secs(2),
};

/// A ping to insert.
#[derive(Debug, Clone)]
pub(crate) struct NewRow {
    pub(crate) ping: String,
    pub(crate) received_at: Timestamp,
}

/// A row that was handed out.
#[derive(Debug)]
pub(crate) struct LeasedRow {
    pub(crate) place: i64,
    pub(crate) ping: String,
    pub(crate) deliveries: i32,
}

/// A buried row.
#[derive(Debug)]
pub(crate) struct DeadRow {
    pub(crate) place: i64,
    pub(crate) ping: String,
    pub(crate) reason: String,
    pub(crate) buried_at: Timestamp,
}

/// The table in one dialect. A row's place is its number, in the order of insertion.
#[async_trait]
pub(crate) trait PingTable: Clone + Send + Sync + 'static {
    const BACKEND: &'static str;
    /// Who inserts rows. Only threads may block.
    const WRITERS: Workers;

    /// Inserts the rows in order, all or none.
    async fn insert(&self, rows: Vec<NewRow>) -> Result<(), GroupError>;

    /// Leases rows that have no lease, or one that is older than `abandoned_after` microseconds. Lowest places first.
    async fn lease(&self, consumer: String, most: i64, abandoned_after: i64) -> Result<Vec<LeasedRow>, BackendError>;

    /// Deletes rows that are not buried.
    async fn delete(&self, places: Vec<i64>) -> Result<(), BackendError>;

    /// Buries rows that are not buried yet. Each place occurs once.
    async fn bury(&self, places: Vec<i64>, reasons: Vec<String>) -> Result<(), BackendError>;

    /// Lists buried rows by the time of burial, then by place.
    async fn dead(&self, most: i64) -> Result<Vec<DeadRow>, BackendError>;

    /// Removes lease and reason from these buried rows, or from all of them, and returns how many.
    async fn replay(&self, places: Option<Vec<i64>>) -> Result<usize, BackendError>;

    /// Lists the texts of rows that are not buried, highest places first.
    async fn newest(&self, most: i64) -> Result<Vec<String>, BackendError>;

    /// Counts the rows of each kind, and finds when the first came in.
    async fn depth(&self) -> Result<QueueDepth, BackendError>;
}

/// A ping queue in a table. Clones share its queue of pushes, and a push wakes the takes of all clones.
#[expect(private_bounds, reason = "which databases have such a table is this crate's business")]
#[derive(Clone)]
pub struct PingTableQueue<T: PingTable> {
    table: T,
    pushes: Coalescer<Pushes<T>>,
    pushed: Arc<Notify>,
}

#[expect(private_bounds, reason = "as above")]
impl<T: PingTable> PingTableQueue<T> {
    pub(crate) fn new(table: T, limits: GroupLimits) -> Self {
        let pushes = Coalescer::new(Pushes(table.clone()), limits);
        Self { table, pushes, pushed: Arc::default() }
    }

    /// Registers the metrics of pushes that share an insert, as `coalescing_ping_queue_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.pushes.metrics().register(registry, "ping_queue");
    }
}

/// Pushes that share an insert.
struct Pushes<T>(T);

impl<T: PingTable> Group for Pushes<T> {
    type Command = Vec<NewRow>;
    type Outcome = ();

    const BACKEND: &'static str = T::BACKEND;
    const WORKERS: Workers = T::WRITERS;

    fn weight(rows: &Vec<NewRow>) -> usize {
        rows.len()
    }

    async fn carry_out(&self, pushes: &[Vec<NewRow>]) -> Result<Vec<()>, GroupError> {
        self.0.insert(pushes.concat()).await?;
        Ok(vec![(); pushes.len()])
    }
}

#[async_trait]
impl<T: PingTable> PingQueue for PingTableQueue<T> {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        if pings.is_empty() {
            return Ok(());
        }
        let row = |ping: &Ping| NewRow { ping: stored_ping::to_text(ping), received_at: ping.received_at };
        self.pushes.submit(pings.iter().map(row).collect()).await?;
        self.pushed.notify_waiters();
        Ok(())
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        let TakePings { consumer, most, wait, abandoned_after } = command;
        if most == 0 {
            return Ok(Vec::new());
        }
        let end = Instant::now().checked_add(wait);
        let abandoned_after = i64::try_from(abandoned_after.as_micros()).unwrap_or(i64::MAX);
        loop {
            // Registers before it looks, so that no later push is missed.
            let mut pushed = std::pin::pin!(self.pushed.notified());
            pushed.as_mut().enable();
            let rows = self.table.lease(consumer.clone(), limit(most), abandoned_after).await?;
            let now = Instant::now();
            if !rows.is_empty() || end.is_some_and(|end| now >= end) {
                return Ok(rows.iter().map(delivery).collect());
            }
            let next_look = now + POLL;
            let _pushed_or_not = timeout_at(end.map_or(next_look, |end| end.min(next_look)), pushed).await;
        }
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        let places = places(&receipts);
        if places.is_empty() { Ok(()) } else { self.table.delete(places).await }
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        // Keeps the first reason of each.
        let mut named = std::collections::BTreeMap::new();
        for Burial { receipt, reason } in burials {
            if let Some(place) = place(&receipt) {
                // Postgres cannot store NUL.
                named.entry(place).or_insert_with(|| reason.replace('\0', "\u{fffd}"));
            }
        }
        let (places, reasons): (Vec<_>, Vec<_>) = named.into_iter().unzip();
        if places.is_empty() { Ok(()) } else { self.table.bury(places, reasons).await }
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError> {
        let dead = |row: DeadRow| DeadPing {
            receipt: receipt(row.place),
            ping: stored_ping::from_text(&row.ping).map_err(|_no_ping| row.ping),
            reason: row.reason,
            buried_at: row.buried_at,
        };
        Ok(self.table.dead(limit(most)).await?.into_iter().map(dead).collect())
    }

    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        let replayed = self.table.replay(which.map(|receipts| places(&receipts))).await?;
        self.pushed.notify_waiters();
        Ok(replayed.try_into().unwrap_or(u64::MAX))
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError> {
        let texts = self.table.newest(limit(most)).await?;
        Ok(texts.iter().filter_map(|text| stored_ping::from_text(text).ok()).collect())
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        self.table.depth().await
    }
}

fn delivery(row: &LeasedRow) -> Delivery {
    Delivery {
        receipt: receipt(row.place),
        ping: stored_ping::from_text(&row.ping),
        deliveries: u32::try_from(row.deliveries).unwrap_or(1),
    }
}

fn receipt(place: i64) -> Receipt {
    Receipt(place.to_string())
}

/// The place that the receipt names; `None` when the receipt is not one of this queue.
fn place(receipt: &Receipt) -> Option<i64> {
    receipt.0.parse().ok().filter(|place| *place > 0)
}

fn places(receipts: &[Receipt]) -> Vec<i64> {
    receipts.iter().filter_map(place).collect()
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}
