//! The port, with the commands of the other files.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use ::redis::{Connection, RedisResult, Value, cmd, pipe};
use async_trait::async_trait;
use stint_domain::BackendError;
use stint_domain::capture::Ping;
use stint_domain::capture::ports::PingQueue;
use stint_domain::capture::ports::ping_queue::{Burial, DeadPing, Delivery, QueueDepth, Receipt, TakePings};
use stint_domain::values::Timestamp;

use super::entry::{Entry, entries};
use super::keys::Keys;
use super::session::{Attempt, Session};
use super::take::{SLICE, Wanted, number, take};
use super::{Redis, scripts};
use crate::capture::stored_ping;

/// How long a consumer without pending entries may be idle before it counts as gone.
const DAY_MILLIS: u64 = 86_400_000;

#[async_trait]
impl PingQueue for Redis {
    async fn push(&self, pings: Vec<Ping>) -> Result<(), BackendError> {
        if pings.is_empty() {
            return Ok(());
        }
        self.pushes.submit(pings.iter().map(stored_ping::to_text).collect()).await?
    }

    async fn take(&self, command: TakePings) -> Result<Vec<Delivery>, BackendError> {
        let TakePings { consumer, most, wait, abandoned_after } = command;
        if most == 0 {
            return Ok(Vec::new());
        }
        if !self.tidied.swap(true, Ordering::Relaxed) {
            // Nothing depends on its success.
            let tidy = |connection: &mut Connection, keys: &Keys| scripts::tidy(connection, keys, DAY_MILLIS);
            let _ = self.command(Attempt::Reads, tidy).await;
        }
        let (start, wanted) = (Instant::now(), Arc::new(Wanted { consumer, most, abandoned_after }));
        loop {
            let left = wait.saturating_sub(start.elapsed());
            let (keys, wanted) = (Arc::clone(&self.keys), Arc::clone(&wanted));
            let run = move |session: &mut Session| {
                // A lease whose answer was lost expires, so trying again loses nothing.
                session.run(Attempt::Reads, |connection| take(connection, &keys, &wanted, whole_millis(left)))
            };
            let deliveries = self.takes.run(run).await?;
            if !deliveries.is_empty() || start.elapsed() >= wait {
                return Ok(deliveries);
            }
        }
    }

    async fn settle(&self, receipts: Vec<Receipt>) -> Result<(), BackendError> {
        let ids: Vec<_> = receipts.into_iter().filter_map(id).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.command(Attempt::Harmless, move |connection, keys| scripts::settle(connection, keys, &ids)).await
    }

    async fn bury(&self, burials: Vec<Burial>) -> Result<(), BackendError> {
        let burials: Vec<_> =
            burials.into_iter().filter_map(|burial| Some((id(burial.receipt)?, burial.reason))).collect();
        if burials.is_empty() {
            return Ok(());
        }
        self.command(Attempt::Harmless, move |connection, keys| scripts::bury(connection, keys, &burials)).await
    }

    async fn dead(&self, most: usize) -> Result<Vec<DeadPing>, BackendError> {
        let range = move |connection: &mut Connection, keys: &Keys| range(connection, "XRANGE", &keys.dead, most);
        Ok(self.command(Attempt::Reads, range).await?.into_iter().map(dead).collect())
    }

    async fn replay(&self, which: Option<Vec<Receipt>>) -> Result<u64, BackendError> {
        let ids = which.map(|receipts| receipts.into_iter().filter_map(id).collect::<Vec<_>>());
        self.command(Attempt::Once, move |connection, keys| match &ids {
            Some(ids) => scripts::replay(connection, keys, ids),
            None => scripts::replay_all(connection, keys),
        })
        .await
    }

    async fn waiting(&self, most: usize) -> Result<Vec<Ping>, BackendError> {
        let range = move |connection: &mut Connection, keys: &Keys| range(connection, "XREVRANGE", &keys.pings, most);
        let entries = self.command(Attempt::Reads, range).await?;
        Ok(entries.iter().filter_map(|entry| entry.ping().ok()).collect())
    }

    async fn depth(&self) -> Result<QueueDepth, BackendError> {
        self.command(Attempt::Reads, |connection, keys| {
            let mut ask = pipe();
            ask.cmd("XLEN").arg(&keys.pings).cmd("XLEN").arg(&keys.dead);
            ask.cmd("XRANGE").arg(&keys.pings).arg("-").arg("+").arg("COUNT").arg(1);
            let (waiting, dead, first): (Value, Value, Value) = ask.query(connection)?;
            let oldest = entries(first)?.pop().and_then(|entry| match entry.ping() {
                Ok(ping) => Some(ping.received_at),
                Err(_no_ping) => added_at(&entry),
            });
            Ok(QueueDepth { waiting: number(waiting)?, oldest, dead: number(dead)? })
        })
        .await
    }
}

/// The first `most` entries, from either end.
fn range(connection: &mut Connection, command: &str, key: &str, most: usize) -> RedisResult<Vec<Entry>> {
    let (from, to) = if command == "XRANGE" { ("-", "+") } else { ("+", "-") };
    let most = most.min(i32::MAX as usize);
    entries(cmd(command).arg(key).arg(from).arg(to).arg("COUNT").arg(most).query(connection)?)
}

fn dead(entry: Entry) -> DeadPing {
    let buried_at = added_at(&entry).unwrap_or_else(earliest);
    let receipt = Receipt(entry.id.clone());
    let (reason, entry) = entry.buried();
    DeadPing { receipt, ping: entry.ping().map_err(|_no_ping| entry.text()), reason, buried_at }
}

fn added_at(entry: &Entry) -> Option<Timestamp> {
    Timestamp::from_micros(entry.added_at_millis()?.checked_mul(1_000)?).ok()
}

/// For ids that somebody made up.
fn earliest() -> Timestamp {
    Timestamp::from_micros(0).expect("1970 is within the years 1 to 9999")
}

/// The entry's id in the receipt; `None` when it does not have the form of one, which the server would reject.
fn id(receipt: Receipt) -> Option<String> {
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u64>().is_ok();
    receipt.0.split_once('-').is_some_and(|(millis, count)| is_number(millis) && is_number(count)).then_some(receipt.0)
}

/// The next part of a wait, rounded up so that it does not end early.
fn whole_millis(left: Duration) -> Duration {
    Duration::from_millis(u64::try_from(left.min(SLICE).as_micros().div_ceil(1_000)).unwrap_or(u64::MAX))
}
