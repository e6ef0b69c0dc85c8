//! Scripts, for steps that must happen on the server as one.
//!
//! `MULTI` would not do: an entry has to be read before it is moved, and must still be there then. Also, a server
//! without memory refuses every `MULTI`, even one that would free some, so it could never be emptied again. An entry
//! is always in exactly one of the two streams, whatever process dies. A large request is split into several scripts,
//! so that none blocks the server for long.

use ::redis::{Connection, RedisResult, Script, Value, cmd};

use super::entry::{REASON, entries};
use super::keys::{GROUP, Keys};

/// How many entries one script moves.
const AT_ONCE: usize = 250;

/// How many entries one script deletes: Lua accepts a few thousand arguments at most.
const DELETED_AT_ONCE: usize = 1_000;

/// Arguments: the consumer group, then ids. It also deletes the entries: one that was only acknowledged would never
/// be handed out again, and never go away.
const SETTLE: &str = "
redis.call('XACK', KEYS[1], ARGV[1], unpack(ARGV, 2))
return redis.call('XDEL', KEYS[1], unpack(ARGV, 2))";

/// Arguments: the consumer group, the field of the reason, then ids and reasons in turn.
///
/// When the server has no memory left, pings must still be buried, or they would fill it for good. Such a server lets
/// a script finish whose first write needs no memory, so the first write deletes an entry that cannot exist. An entry
/// is deleted only after its copy exists; whatever else prevents the copy, the entry stays.
const BURY: &str = "
local buried = 0
redis.call('XDEL', KEYS[1], '0-0')
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

/// Arguments: the consumer group, and for how many milliseconds a consumer without pending entries has been idle.
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

/// Deletes entries and their pending marks.
pub(super) fn settle(connection: &mut Connection, keys: &Keys, ids: &[String]) -> RedisResult<()> {
    let script = Script::new(SETTLE);
    for part in ids.chunks(DELETED_AT_ONCE) {
        script.key(&keys.pings).arg(GROUP).arg(part).invoke::<()>(connection)?;
    }
    Ok(())
}

/// Buries existing entries, each with its reason.
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

/// Puts the buried entries with these ids back, and returns how many.
pub(super) fn replay(connection: &mut Connection, keys: &Keys, ids: &[String]) -> RedisResult<u64> {
    let (script, mut replayed) = (Script::new(REPLAY), 0);
    for part in ids.chunks(AT_ONCE) {
        replayed += script.key(&keys.pings).key(&keys.dead).arg(part).invoke::<u64>(connection)?;
    }
    Ok(replayed)
}

/// Puts back all entries that are buried now. Entries that are buried in the meantime stay, so that the call ends.
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

/// Removes consumers from the consumer group that have nothing pending and have been idle for so many milliseconds.
/// Each process has a name of its own, so they would accumulate.
pub(super) fn tidy(connection: &mut Connection, keys: &Keys, idle_millis: u64) -> RedisResult<()> {
    Script::new(TIDY).key(&keys.pings).arg(GROUP).arg(idle_millis).invoke(connection)
}

#[cfg(all(test, feature = "test-support"))]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn consumers_that_are_gone_are_struck_off_and_those_who_hold_pings_stay() {
        let url = std::env::var("STINT_TEST_REDIS_URL")
            .expect("STINT_TEST_REDIS_URL names no Redis: run the tests with `make test`");
        let mut connection = ::redis::Client::open(url).unwrap().get_connection().unwrap();
        let keys = Keys { pings: format!("stint-test:tidy:{}", std::process::id()), dead: String::new() };
        tidy(&mut connection, &keys, 0).unwrap();
        let run = |connection: &mut Connection, line: &str| -> Value {
            let mut words = line.split(' ');
            let mut command = cmd(words.next().unwrap());
            words.for_each(|word| _ = command.arg(if word == "KEY" { &keys.pings } else { word }));
            command.query(connection).unwrap()
        };
        for line in [
            "XGROUP CREATE KEY workers 0 MKSTREAM",
            "XGROUP CREATECONSUMER KEY workers gone",
            "XADD KEY * ping x",
            "XREADGROUP GROUP workers holder STREAMS KEY >",
        ] {
            run(&mut connection, line);
        }
        let mut consumers = || format!("{:?}", run(&mut connection, "XINFO CONSUMERS KEY workers"));
        assert!(consumers().contains("gone"));
        std::thread::sleep(Duration::from_millis(5));
        tidy(&mut connection, &keys, 60_000).unwrap();
        let mut consumers = || format!("{:?}", run(&mut connection, "XINFO CONSUMERS KEY workers"));
        assert!(consumers().contains("gone"));
        tidy(&mut connection, &keys, 1).unwrap();
        let left = format!("{:?}", run(&mut connection, "XINFO CONSUMERS KEY workers"));
        assert!(left.contains("holder") && !left.contains("gone"), "{left}");
        run(&mut connection, "DEL KEY");
    }
}
