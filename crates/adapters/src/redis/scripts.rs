//! What has to happen on the server in one go, as scripts.
//!
//! A script, and not `MULTI`: what is moved has to be read first, and must still be there when it is. Between the two
//! streams an entry is never in none and never in both, whatever dies. Parts of a large request are scripts of their
//! own, so that none holds the server up.

use ::redis::{Connection, RedisResult, Script, Value, cmd};

use super::entry::{REASON, entries};
use super::{GROUP, Keys};

/// How many entries one script moves.
const AT_ONCE: usize = 250;

/// Arguments: the group, the field of the reason, then ids and reasons in turn.
const BURY: &str = "
local buried = 0
for i = 3, #ARGV, 2 do
    local found = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
    if found then
        redis.call('XADD', KEYS[2], '*', ARGV[2], ARGV[i + 1], unpack(found[2]))
        redis.call('XACK', KEYS[1], ARGV[1], ARGV[i])
        redis.call('XDEL', KEYS[1], ARGV[i])
        buried = buried + 1
    end
end
return buried";

/// Arguments: ids. The reason, which comes first, is left out.
const REPLAY: &str = "
local replayed = 0
for i = 1, #ARGV do
    local found = redis.call('XRANGE', KEYS[2], ARGV[i], ARGV[i])[1]
    if found then
        redis.call('XADD', KEYS[1], '*', unpack(found[2], 3))
        redis.call('XDEL', KEYS[2], ARGV[i])
        replayed = replayed + 1
    end
end
return replayed";

/// Arguments: the group, and for how many milliseconds a consumer without pending entries has done nothing.
const TIDY: &str = "
local consumers = redis.pcall('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])
if consumers.err then
    return 0
end
for _, pairs in ipairs(consumers) do
    local consumer = {}
    for i = 1, #pairs, 2 do
        consumer[pairs[i]] = pairs[i + 1]
    end
    if consumer.pending == 0 and consumer.idle > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    end
end
return 0";

/// Sets entries aside that are there, each with its reason.
pub(super) fn bury(connection: &mut Connection, keys: &Keys, burials: &[(String, String)]) -> RedisResult<()> {
    let script = Script::new(BURY);
    for part in burials.chunks(AT_ONCE) {
        let mut call = script.key(&keys.pings);
        call.key(&keys.dead).arg(GROUP).arg(REASON);
        for (id, reason) in part {
            call.arg(id).arg(reason);
        }
        call.invoke::<()>(connection)?;
    }
    Ok(())
}

/// Puts back what was set aside under these ids, and tells how many entries that were.
pub(super) fn replay(connection: &mut Connection, keys: &Keys, ids: &[String]) -> RedisResult<u64> {
    let (script, mut replayed) = (Script::new(REPLAY), 0);
    for part in ids.chunks(AT_ONCE) {
        replayed += script.key(&keys.pings).key(&keys.dead).arg(part).invoke::<u64>(connection)?;
    }
    Ok(replayed)
}

/// Puts back all that is set aside now. What is set aside again meanwhile stays, or there would be no end.
pub(super) fn replay_all(connection: &mut Connection, keys: &Keys) -> RedisResult<u64> {
    let newest: Value = cmd("XREVRANGE").arg(&keys.dead).arg("+").arg("-").arg("COUNT").arg(1).query(connection)?;
    let Some(last) = entries(newest)?.pop().map(|entry| entry.id) else {
        return Ok(0);
    };
    let mut replayed = 0;
    loop {
        let oldest = cmd("XRANGE").arg(&keys.dead).arg("-").arg(&last).arg("COUNT").arg(AT_ONCE).query(connection)?;
        let ids: Vec<_> = entries(oldest)?.into_iter().map(|entry| entry.id).collect();
        if ids.is_empty() {
            return Ok(replayed);
        }
        replayed += replay(connection, keys, &ids)?;
    }
}

/// Strikes consumers from the group that have done nothing for a day and have nothing pending: each process brings a name
/// of its own, and they would become ever more.
pub(super) fn tidy(connection: &mut Connection, keys: &Keys) -> RedisResult<()> {
    const DAY_MILLIS: u64 = 86_400_000;
    Script::new(TIDY).key(&keys.pings).arg(GROUP).arg(DAY_MILLIS).invoke(connection)
}
