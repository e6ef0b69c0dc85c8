//! In Redis: on the server that `STINT_TEST_REDIS_URL` names, each test with its own prefix; and on servers that a
//! test starts and kills itself, with the program that `STINT_TEST_REDIS_SERVER` names.

mod outage;
mod poison;
mod server;

use std::env;
use std::sync::Arc;

use redis::{Client, Connection, Value};
use stint_adapters::capture::redis::{Redis, RedisSettings};
use stint_adapters::system::UuidV7Generator;
use stint_conformance::capture::ping_queue::Queue;
use stint_domain::IdGenerator;
use stint_domain::capture::ports::PingQueue;

use super::{ping, receipts, take};

use crate::given;

/// The keys of one test. They are removed with this handle.
pub(super) struct Keys {
    url: String,
    prefix: String,
}

impl Keys {
    pub(super) fn fresh() -> Self {
        let url = env::var("STINT_TEST_REDIS_URL")
            .expect("STINT_TEST_REDIS_URL names no Redis: run the tests with `make test`");
        Self { url, prefix: format!("stint-test:{}:", UuidV7Generator.generate().simple()) }
    }

    pub(super) fn queue(&self) -> Redis {
        Redis::open(&RedisSettings { prefix: self.prefix.clone(), ..given::redis(&self.url) }).unwrap()
    }

    fn connection(&self) -> Connection {
        Client::open(self.url.as_str()).unwrap().get_connection().unwrap()
    }

    fn pings(&self) -> String {
        format!("{}{{pings}}", self.prefix)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let keys = [self.pings(), self.pings() + ":dead"];
        let _: Value = redis::cmd("DEL").arg(&keys).query(&mut self.connection()).unwrap();
    }
}

async fn queue() -> Queue {
    let keys = Keys::fresh();
    Queue::new(Arc::new(keys.queue()), keys)
}

mod suite {
    stint_conformance::ping_queue!(super::queue);
}

/// An administrator can tell whose keys they are, and both are on one node of a cluster.
#[tokio::test(flavor = "multi_thread")]
async fn keys_start_with_the_prefix_and_share_a_hash_tag() {
    let keys = Keys::fresh();
    let queue = keys.queue();
    queue.push(vec![ping(0), ping(1)]).await.unwrap();
    let taken = queue.take(take(2)).await.unwrap();
    let reason = "told so".to_owned();
    let burial = stint_domain::capture::ports::ping_queue::Burial { receipt: taken[0].receipt.clone(), reason };
    queue.bury(vec![burial]).await.unwrap();
    let mut found: Vec<String> =
        redis::cmd("KEYS").arg(format!("{}*", keys.prefix)).query(&mut keys.connection()).unwrap();
    found.sort();
    assert_eq!(found, [keys.pings(), keys.pings() + ":dead"]);
    assert!(keys.pings().ends_with(":{pings}"));
}
