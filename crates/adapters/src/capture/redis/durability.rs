//! How durable a Redis server is, by its own account.

use ::redis::{Connection, RedisResult, cmd};
use stint_domain::BackendError;

use super::Redis;
use super::session::Attempt;

/// How durable a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// Whether every write is appended to a file. Otherwise the queue is lost when the server ends.
    pub appends: bool,
    /// When appended writes reach the disk (`always`, `everysec`, `no`); `None` when the user may not run `CONFIG
    /// GET`.
    pub syncs: Option<String>,
    /// What the server does when it has no more memory. Every policy but `noeviction` may throw the queue away.
    pub eviction: String,
}

impl Redis {
    /// Asks the server, for a check before a deployment.
    pub async fn durability(&self) -> Result<Durability, BackendError> {
        self.command(Attempt::Reads, |connection, _| ask(connection)).await
    }
}

fn ask(connection: &mut Connection) -> RedisResult<Durability> {
    let persistence: String = cmd("INFO").arg("persistence").query(connection)?;
    let memory: String = cmd("INFO").arg("memory").query(connection)?;
    let syncs: Vec<String> = cmd("CONFIG").arg("GET").arg("appendfsync").query(connection).unwrap_or_default();
    Ok(Durability {
        appends: field(&persistence, "aof_enabled") == "1",
        syncs: syncs.into_iter().nth(1),
        eviction: field(&memory, "maxmemory_policy").to_owned(),
    })
}

/// The value of a line `name:value`; empty when there is none.
fn field<'a>(info: &'a str, name: &str) -> &'a str {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let info = "# Memory\r\nmaxmemory:0\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(field(info, "maxmemory_policy"), "noeviction");
        assert_eq!(field(info, "aof_enabled"), "");
    }
}
