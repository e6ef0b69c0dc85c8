//! Takes: abandoned entries first, then new ones, and otherwise a wait for new ones.

use std::time::Duration;

use ::redis::{Cmd, Connection, RedisResult, Value, cmd, from_redis_value};
use stint_domain::capture::ports::ping_queue::{Delivery, Receipt};

use super::entry::{Entry, entries, entries_read};
use super::error::is_without_group;
use super::keys::{GROUP, Keys};

/// How long the server is asked to wait for a new entry. Between two waits a take looks for abandoned entries, which
/// nothing announces. The thread of a caller that is gone stops this much later.
pub(super) const SLICE: Duration = Duration::from_millis(500);

/// What a consumer asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) consumer: String,
    pub(super) most: usize,
    pub(super) abandoned_after: Duration,
}

/// Takes what there is, and waits up to `wait` if there is nothing. Makes the consumer group if it does not exist.
pub(super) fn take(
    connection: &mut Connection,
    keys: &Keys,
    wanted: &Wanted,
    wait: Duration,
) -> RedisResult<Vec<Delivery>> {
    let mut deliveries = or_make_group(connection, keys, |connection| claim(connection, keys, wanted))?;
    let missing = wanted.most.saturating_sub(deliveries.len());
    if missing > 0 {
        let wait = if deliveries.is_empty() { wait } else { Duration::ZERO };
        let new = or_make_group(connection, keys, |connection| read(connection, keys, wanted, missing, wait))?;
        deliveries.extend(new.into_iter().map(|entry| delivery(entry, 1)));
    }
    Ok(deliveries)
}

/// Claims pending entries that are abandoned.
///
/// `XAUTOCLAIM` would do this in one command, but it looks at a bounded number of entries, all of which may belong to
/// living consumers, and it does not tell how often they were delivered. An entry that another consumer claims in
/// between is no longer idle, and stays with it.
fn claim(connection: &mut Connection, keys: &Keys, wanted: &Wanted) -> RedisResult<Vec<Delivery>> {
    let idle = i64::try_from(wanted.abandoned_after.as_millis()).unwrap_or(i64::MAX);
    let mut pending = cmd("XPENDING");
    pending.arg(&keys.pings).arg(GROUP).arg("IDLE").arg(idle).arg("-").arg("+").arg(wanted.most);
    let pending: Vec<(String, Value, Value, u32)> = pending.query(connection)?;
    if pending.is_empty() {
        return Ok(Vec::new());
    }
    let mut claim = cmd("XCLAIM");
    claim.arg(&keys.pings).arg(GROUP).arg(&wanted.consumer).arg(idle);
    for (id, ..) in &pending {
        claim.arg(id);
    }
    let deliver = |entry: Entry| {
        let before = pending.iter().find(|(id, ..)| *id == entry.id).map_or(1, |(.., deliveries)| *deliveries);
        delivery(entry, before.saturating_add(1))
    };
    Ok(entries(claim.query(connection)?)?.into_iter().map(deliver).collect())
}

/// Reads new entries.
fn read(
    connection: &mut Connection,
    keys: &Keys,
    wanted: &Wanted,
    most: usize,
    wait: Duration,
) -> RedisResult<Vec<Entry>> {
    let mut read = cmd("XREADGROUP");
    read.arg("GROUP").arg(GROUP).arg(&wanted.consumer).arg("COUNT").arg(most);
    // 0 would wait for ever.
    if wait.as_millis() > 0 {
        read.arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    }
    entries_read(read.arg("STREAMS").arg(&keys.pings).arg(">").query(connection)?)
}

/// Carries out `operation`. If there is no consumer group, makes it and tries again.
fn or_make_group<T>(
    connection: &mut Connection,
    keys: &Keys,
    operation: impl Fn(&mut Connection) -> RedisResult<T>,
) -> RedisResult<T> {
    match operation(connection) {
        Err(error) if is_without_group(&error) => match make_group(keys).query::<Value>(connection) {
            Err(error) if error.code() != Some("BUSYGROUP") => Err(error),
            _ => operation(connection),
        },
        result => result,
    }
}

/// Makes the consumer group, from the stream's first entry on: pings may have come before the group.
pub(super) fn make_group(keys: &Keys) -> Cmd {
    let mut make = cmd("XGROUP");
    make.arg("CREATE").arg(&keys.pings).arg(GROUP).arg("0").arg("MKSTREAM");
    make
}

fn delivery(entry: Entry, deliveries: u32) -> Delivery {
    Delivery { ping: entry.ping(), receipt: Receipt(entry.id), deliveries }
}

/// A number from the server, for the depth.
pub(super) fn number(value: Value) -> RedisResult<u64> {
    Ok(from_redis_value(value)?)
}
