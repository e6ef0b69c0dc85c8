//! The queue of pings in Redis, for services that take in more pings than their database would want to.
//!
//! # How it is kept
//!
//! | key | what it is |
//! | --- | --- |
//! | `stint:{pings}` | a stream, one entry per ping, with one consumer group, `workers` |
//! | `stint:{pings}:dead` | a stream of what was set aside: the reason, then the entry's own fields |
//!
//! `stint:` is the prefix that is set, so that an ACL can name it (`~stint:*`), and the braces put both keys on one node
//! of a cluster; scripts and transactions need that. The client itself knows no cluster: its URL has to lead to that node.
//!
//! An entry is in the stream until its ping is settled or buried: that deletes it, and nothing else does. Streams are
//! never trimmed by length, so what was not logged is not removed; when Redis has no more memory (`maxmemory`, with the
//! policy `noeviction`: another one may throw the stream away), it refuses pushes, and that is what callers are told.
//!
//! Whoever takes reads for the group, which gives each entry to one consumer and remembers it as pending. What has been
//! pending too long is claimed by the next who takes.
//!
//! A user of Redis' own needs `~stint:*` (the prefix) and `+xadd +xlen +xrange +xrevrange +xgroup +xreadgroup +xpending
//! +xclaim +xack +xdel +xinfo +evalsha +script|load +ping +select`; `+info`, for `durability` alone. Redis 7.0 and newer is what this is tested on.
//!
//! # Durability
//!
//! A push is answered when Redis has it: it is as durable as Redis is set up. With `appendonly yes` and `appendfsync
//! always` an answered ping survives a killed server and a loss of power, with `everysec` up to a second is lost.
//!
//! # Deliberately absent
//!
//! TLS: Redis is to stand on the same machine or in a private network. Waiting for replicas. Anything but pings.

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
    /// What is answered at once.
    commands: Blocking<Sessions>,
    /// Takes, which wait on their connections.
    takes: Blocking<Sessions>,
    pushes: Coalescer<Pushes>,
    /// Whether consumers that are long gone were struck from the group.
    tidied: Arc<AtomicBool>,
}

impl Redis {
    /// A queue on the server that the settings name; it fails when they are not understood.
    ///
    /// It does not connect: the first call does. A server that is not there is asked again at each call, and a connection
    /// that was lost is replaced at the next.
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

    /// Shows the numbers of pushes that share a round trip as `coalescing_ping_queue_...`, and those of the connections as
    /// `redis_pool_...` and, for takes, `redis_consumer_pool_...`.
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
