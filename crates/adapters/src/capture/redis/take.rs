//! Taking: first what others have abandoned, then what is new, and else waiting for that.

use std::time::Duration;

use ::redis::{Cmd, Connection, RedisResult, Value, cmd, from_redis_value};
use stint_domain::capture::ports::ping_queue::{Delivery, Receipt};

use super::entry::{Entry, entries, entries_read};
use super::error::is_without_group;
use super::keys::{GROUP, Keys};

/// How long the server is asked to wait for a new entry: nothing tells of an abandoned one, so now and then a take looks
/// for itself; and a caller that goes away is missed by its thread this much later.
pub(super) const SLICE: Duration = Duration::from_millis(500);

/// What a consumer asks for.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) consumer: String,
    pub(super) most: usize,
    pub(super) abandoned_after: Duration,
}

/// Takes what there is, and waits up to `wait` if there is nothing. The group is made when it is not there.
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
/// `XAUTOCLAIM` does the same at once, but looks at a bounded number of entries, which may all be in good hands, and does
/// not tell how often they were delivered. An entry that another consumer claims in between is no longer idle, and is
/// left to it.
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
    // 0 would be for ever.
    if wait.as_millis() > 0 {
        read.arg("BLOCK").arg(u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
    }
    entries_read(read.arg("STREAMS").arg(&keys.pings).arg(">").query(connection)?)
}

/// Carries out `operation`, and again after making the group, when there is none.
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

/// Makes the group, from the stream's first entry on: pings may have come before it.
pub(super) fn make_group(keys: &Keys) -> Cmd {
    let mut make = cmd("XGROUP");
    make.arg("CREATE").arg(&keys.pings).arg(GROUP).arg("0").arg("MKSTREAM");
    make
}

fn delivery(entry: Entry, deliveries: u32) -> Delivery {
    Delivery { ping: entry.ping(), receipt: Receipt(entry.id), deliveries }
}

/// A number of the server's, for depth.
pub(super) fn number(value: Value) -> RedisResult<u64> {
    Ok(from_redis_value(value)?)
}
