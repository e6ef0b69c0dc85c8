//! What is counted about connections; and the one line a minute about those that send no HTTP.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use actix_web::rt;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use tokio::time::sleep;

/// There is no more than one line about malformed requests in this time.
const LINE: Duration = Duration::from_mins(1);

/// Counters of connections. All clones count together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counted {
    open: Gauge,
    refused: Counter,
    cut_off: Family<Reason, Counter>,
    pub(super) malformed: Malformed,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Reason {
    reason: &'static str,
}

impl Counted {
    /// New counters, shown as `stint_http_…`.
    pub(crate) fn new(registry: &mut Registry) -> Self {
        let counted = Self::default();
        let registry = registry.sub_registry_with_prefix("stint_http");
        registry.register("connections", "Connections that are open", counted.open.clone());
        registry.register(
            "connections_refused",
            "Connections refused because there were too many",
            counted.refused.clone(),
        );
        registry.register("connections_cut_off", "Connections ended before their clients did", counted.cut_off.clone());
        registry.register("malformed_requests", "Requests that were no HTTP", counted.malformed.0.all.clone());
        counted
    }

    /// Counts a connection as open until the guard goes.
    pub(super) fn open(&self) -> Open {
        self.open.inc();
        Open(self.open.clone())
    }

    pub(super) fn refused(&self) {
        self.refused.inc();
    }

    /// The client took nothing of its answer for too long.
    pub(super) fn cut_off_unread(&self) {
        self.cut_off.get_or_create(&Reason { reason: "unread" }).inc();
    }

    /// Another connection needed its place.
    pub(super) fn cut_off_for_another(&self) {
        self.cut_off.get_or_create(&Reason { reason: "room" }).inc();
    }
}

/// A connection that is open.
#[derive(Debug)]
pub(super) struct Open(Gauge);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Requests that are no HTTP: whoever reaches the port can send any number, so they are counted and not told one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Malformed(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    all: Counter,
    untold: AtomicU64,
    telling: AtomicBool,
}

impl Malformed {
    pub(super) fn seen(&self) {
        self.0.all.inc();
        self.0.untold.fetch_add(1, Ordering::Relaxed);
        if !self.0.telling.swap(true, Ordering::AcqRel) {
            rt::spawn(self.clone().tell());
        }
    }

    /// Tells of the first at once, and once a minute of those after it, until there are none.
    async fn tell(self) {
        loop {
            let requests = self.0.untold.swap(0, Ordering::Relaxed);
            if requests == 0 {
                self.0.telling.store(false, Ordering::Release);
                // One that came just now found somebody telling.
                if self.0.untold.load(Ordering::Relaxed) == 0 || self.0.telling.swap(true, Ordering::AcqRel) {
                    return;
                }
                continue;
            }
            tracing::info!(requests, "what came was no HTTP; no more is said of it for a minute");
            sleep(LINE).await;
        }
    }
}
