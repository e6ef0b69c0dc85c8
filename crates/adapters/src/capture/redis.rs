//! The queue of pings in Redis, for services with more pings than their database should take.
//!
//! # Keys
//!
//! | key | what it is |
//! | --- | --- |
//! | `stint:{pings}` | a stream, one entry per ping, with one consumer group, `workers` |
//! | `stint:{pings}:dead` | a stream of buried entries: the reason, then the entry's own fields |
//!
//! `stint:` is the configured prefix, so that an ACL can name it (`~stint:*`). The braces put both keys on one node
//! of a cluster, which scripts and transactions need. The client itself does not support clusters: its URL has to
//! name that node.
//!
//! An entry stays in the stream until its ping is settled or buried; nothing else deletes it. Streams are never
//! trimmed by length, so no unlogged ping is removed. When Redis has no more memory (`maxmemory`, with the policy
//! `noeviction`: another policy may throw the stream away), it refuses pushes, and callers get that error.
//!
//! A take reads through the consumer group, which gives each entry to one consumer and lists it as pending. The next
//! take claims entries that have been pending too long.
//!
//! A dedicated Redis user needs `~stint:*` (the prefix) and `+xadd +xlen +xrange +xrevrange +xgroup +xreadgroup
//! +xpending +xclaim +xack +xdel +xinfo +evalsha +script|load +ping +select`; and `+info`, for `durability` only. It
//! is tested on Redis 7.0 and newer.
//!
//! # Durability
//!
//! A push is answered when Redis has it: it is as durable as Redis is configured to be. With `appendonly yes` and
//! `appendfsync always` an answered ping survives a killed server and a loss of power; with `everysec` up to a second
//! of pings is lost.
//!
//! # Deliberately absent
//!
//! TLS: run Redis on the same machine or in a private network. Waiting for replicas. Anything but pings.

mod durability;
mod entry;
mod error;
mod keys;
mod ping_queue;
mod push;
mod scripts;
mod session;
mod settings;
mod take;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use prometheus_client::registry::Registry;
use r2d2::Pool;
use stint_domain::BackendError;

pub use self::durability::Durability;
use self::error::BACKEND;
use self::keys::Keys;
use self::push::Pushes;
use self::session::{Attempt, Session, Sessions};
pub use self::settings::RedisSettings;
use crate::blocking::Blocking;
use crate::grouping::Coalescer;

/// A ping queue in Redis. Clones share its connections.
#[derive(Clone)]
pub struct Redis {
    keys: Arc<Keys>,
    /// For commands that are answered at once.
    commands: Blocking<Sessions>,
    /// For takes, which wait on their connections.
    takes: Blocking<Sessions>,
    pushes: Coalescer<Pushes>,
    /// Whether consumers that are long gone were removed from the consumer group.
    tidied: Arc<AtomicBool>,
}

impl Redis {
    /// Makes a queue on the server that the settings name. Fails when the settings are invalid.
    ///
    /// It does not connect: the first call does. While the server is down, every call tries again, and a lost
    /// connection is replaced at the next call.
    pub fn open(settings: &RedisSettings) -> Result<Self, BackendError> {
        let keys = Arc::new(Keys::below(&settings.prefix));
        let sessions = Sessions::new(settings)?;
        let blocking = |sessions, size: u32| {
            let pool = Pool::builder().max_size(size.max(1)).test_on_check_out(false).build_unchecked(sessions);
            Blocking::new(BACKEND, pool, settings.queue)
        };
        let takes = blocking(sessions.that_wait(take::SLICE), settings.consumers);
        let commands = blocking(sessions, settings.connections);
        let pushes = Pushes { keys: Arc::clone(&keys), commands: commands.clone(), grouped: AtomicBool::default() };
        Ok(Self { keys, takes, commands, pushes: Coalescer::new(pushes, settings.pushes), tidied: Arc::default() })
    }

    /// Registers the metrics of pushes that share a round trip as `coalescing_ping_queue_...`, and those of the
    /// connections as `redis_pool_...` and, for takes, `redis_consumer_pool_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.pushes.metrics().register(registry, "ping_queue");
        self.commands.metrics().register_as("redis_pool", registry);
        self.takes.metrics().register_as("redis_consumer_pool", registry);
    }

    async fn command<T: Send + 'static>(
        &self,
        attempt: Attempt,
        operation: impl Fn(&mut ::redis::Connection, &Keys) -> ::redis::RedisResult<T> + Send + 'static,
    ) -> Result<T, BackendError> {
        let keys = Arc::clone(&self.keys);
        let run = move |session: &mut Session| session.run(attempt, |connection| operation(connection, &keys));
        self.commands.run(run).await
    }
}
