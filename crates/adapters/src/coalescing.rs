//! A decorator over a database's ports that lets concurrent callers share round trips and commits.
//!
//! [`Coalescing`] implements the ports that it wraps and keeps all their duties: the same suite runs on it. Writes of
//! entries go through one queue and are carried out in groups, each group in one transaction; jobs and entries by id go
//! through a queue each and are looked up by one statement per group. How a queue works stands in [`queue`]; what a
//! database has to offer, in [`store`]. Listings and writes of jobs go straight through: a page is one statement that
//! has nothing to share, and jobs are written seldom.

mod groups;
mod job;
mod metrics;
mod queue;
mod store;
mod time_entry;
mod write;

use std::sync::Arc;

use prometheus_client::registry::Registry;

use self::groups::{Entries, Jobs, Writes};
use self::queue::Coalescer;
pub(crate) use self::queue::GroupError;
pub use self::queue::GroupLimits;
pub(crate) use self::store::LedgerStore;
pub(crate) use self::write::{Command, Write, Written, alone};

/// How groups are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescingSettings {
    /// Groups of writes.
    pub writes: GroupLimits,
    /// Groups of look-ups by id.
    pub reads: GroupLimits,
}

impl CoalescingSettings {
    /// Two groups of writes of up to 1,000 rows at a time, so that one gathers and decides while the other commits; one
    /// group of reads of up to 200 ids. 10,000 callers may wait for each.
    pub const POSTGRES: Self = Self {
        writes: GroupLimits { workers: 2, group_weight: 1_000, max_waiting: 10_000 },
        reads: GroupLimits { workers: 1, group_weight: 200, max_waiting: 10_000 },
    };

    /// The same with one group of writes at a time: there is one connection that writes.
    pub const SQLITE: Self =
        Self { writes: GroupLimits { workers: 1, ..Self::POSTGRES.writes }, reads: Self::POSTGRES.reads };

    /// How many groups may be under way at the same time, and so how many connections they need.
    pub fn groups(&self) -> usize {
        // Jobs and entries are read by groups of their own.
        self.writes.workers + 2 * self.reads.workers
    }
}

/// A database whose concurrent callers share round trips and commits. Clones share its queues.
#[expect(private_bounds, reason = "which databases can be coalesced is this crate's business")]
pub struct Coalescing<S: LedgerStore> {
    store: Arc<S>,
    writes: Coalescer<Writes<S>>,
    jobs: Coalescer<Jobs<S>>,
    entries: Coalescer<Entries<S>>,
}

#[expect(private_bounds, reason = "as above")]
impl<S: LedgerStore> Coalescing<S> {
    /// Wraps `store`.
    pub fn new(store: S, settings: CoalescingSettings) -> Self {
        let store = Arc::new(store);
        Self {
            writes: Coalescer::new(Writes(Arc::clone(&store)), settings.writes),
            jobs: Coalescer::new(Jobs(Arc::clone(&store)), settings.reads),
            entries: Coalescer::new(Entries(Arc::clone(&store)), settings.reads),
            store,
        }
    }

    /// Shows the queues' numbers, as `coalescing_writes_...`, `coalescing_jobs_...` and `coalescing_time_entries_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.writes.metrics().register(registry, "writes");
        self.jobs.metrics().register(registry, "jobs");
        self.entries.metrics().register(registry, "time_entries");
    }

    async fn write<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        let written = self.writes.submit(command.into_write()).await?;
        write::outcome::<C>(S::BACKEND, written)
    }
}

impl<S: LedgerStore> Clone for Coalescing<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            writes: self.writes.clone(),
            jobs: self.jobs.clone(),
            entries: self.entries.clone(),
        }
    }
}
