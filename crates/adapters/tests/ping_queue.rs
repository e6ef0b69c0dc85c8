//! The suite of the queue of pings on every backend, and each backend's own duties.

#[cfg(feature = "memory")]
mod memory;
#[cfg(feature = "test-support")]
mod postgres;
#[cfg(all(feature = "redis", feature = "test-support"))]
mod redis;
#[cfg(all(feature = "memory", feature = "sqlite"))]
mod spooling;
#[cfg(feature = "sqlite")]
mod sqlite;

use stint_adapters::system::UuidV7Generator;
use stint_domain::IdGenerator;
use stint_domain::capture::ports::ping_queue::{Delivery, Receipt, TakePings};
use stint_domain::capture::{Gap, Ping, PingTarget};
use stint_domain::values::{JobId, PingId, Subject, Timestamp, TokenId, Zone};

use crate::PATIENCE;

/// A ping for a new job.
fn ping(seconds: i64) -> Ping {
    let id = || UuidV7Generator.generate();
    let at = Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap();
    Ping {
        id: PingId::new(id()),
        token: TokenId::new(id()),
        subject: Subject::new("ada").unwrap(),
        target: PingTarget::Job(JobId::new(id())),
        zone: Zone::UTC,
        gap: Gap::default(),
        at,
        received_at: at,
        minutes: None,
        summary: None,
    }
}

/// Takes up to `most` pings, waits for the first twice as long as a test waits, and takes no abandoned ones.
pub(crate) fn take(most: usize) -> TakePings {
    TakePings { consumer: "worker-1".to_owned(), most, wait: 2 * PATIENCE, abandoned_after: 10 * PATIENCE }
}

fn receipts(deliveries: &[Delivery]) -> Vec<Receipt> {
    deliveries.iter().map(|delivery| delivery.receipt.clone()).collect()
}
