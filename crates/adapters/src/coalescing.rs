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
use std::time::Duration;

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
    /// One group of writes of up to 1,000 rows at a time, and one more when that is stuck; one group of reads of up to
    /// 200 ids. 10,000 rows may wait for each.
    pub const POSTGRES: Self = Self {
        writes: GroupLimits {
            workers: 1,
            spare_workers: 1,
            stuck_after: Duration::from_millis(50),
            group_weight: 1_000,
            max_waiting: 10_000,
            split_for: Duration::from_secs(2),
        },
        reads: GroupLimits {
            workers: 1,
            spare_workers: 0,
            stuck_after: Duration::MAX,
            group_weight: 200,
            max_waiting: 10_000,
            split_for: Duration::from_secs(2),
        },
    };

    /// The same, for where there is one connection that writes.
    pub const SQLITE: Self = Self::POSTGRES.with_one_writer();

    /// The same with one group of writes at a time, whatever happens.
    #[must_use]
    pub const fn with_one_writer(self) -> Self {
        Self { writes: GroupLimits { workers: 1, spare_workers: 0, ..self.writes }, ..self }
    }

    /// How many groups may be under way at the same time, and so how many connections they need.
    pub fn groups(&self) -> usize {
        // Jobs and entries are read by groups of their own.
        let at_once = |limits: GroupLimits| limits.workers + limits.spare_workers;
        at_once(self.writes) + 2 * at_once(self.reads)
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
