//! A decorator over a database's ports that lets concurrent callers share round trips and commits.
//!
//! [`Coalescing`] implements the ports that it wraps and keeps all their duties: the same suite runs on it. Writes of
//! entries go through one queue and are carried out in groups, each group in one transaction. Jobs by id, entries by
//! id and pages of a job's entries go through a queue each, and one statement looks up a whole group.
//! [`grouping`](crate::grouping) explains how a queue works, [`held`] what happens to a write whose job another
//! transaction holds, and [`LedgerStore`] what a database has to offer. Other listings and writes of jobs go straight
//! through: such a listing may read many rows, and jobs are seldom written.

mod groups;
mod held;
mod job;
mod put_off_writes;
mod time_entry;

use std::sync::Arc;
use std::time::{Duration, Instant};

use prometheus_client::registry::Registry;
use stint_domain::BackendError;

use self::groups::{Entries, Jobs, Pages, Writes};
use self::held::{HeldJobs, PutOff};
use self::put_off_writes::PutOffWrites;
use crate::grouping::{Coalescer, GroupLimits};
use crate::ledger::{Command, LedgerStore, Written, outcome};

/// How groups are formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescingSettings {
    /// Limits on groups of writes.
    pub writes: GroupLimits,
    /// Limits on groups of look-ups by id.
    pub reads: GroupLimits,
    /// Limits on groups of pages of a job's entries.
    pub pages: GroupLimits,
    /// How long a write waits for a held job before it fails.
    pub patience: Duration,
}

/// What an operator decides about groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoalescingSizes {
    /// How many groups of writes run at a time.
    pub writers: usize,
    /// How many groups of look-ups of jobs run at a time, and as many of entries. On Postgres each thread that looks
    /// something up has so many.
    pub readers: usize,
    /// The most rows that a group writes.
    pub max_rows: usize,
    /// The most ids that a group looks up.
    pub max_ids: usize,
    /// How many groups of pages run at a time. On Postgres each thread that reads pages has so many.
    pub page_readers: usize,
    /// The most rows that a group of pages reads.
    pub max_page_rows: usize,
    /// The most rows that wait in each queue.
    pub max_waiting: usize,
}

impl CoalescingSettings {
    /// Groups of these sizes. Writes and look-ups may have one more group when theirs is stuck or another whole group
    /// waits. A write waits one second for a held job.
    pub const fn new(sizes: CoalescingSizes) -> Self {
        let CoalescingSizes { writers, readers, max_rows, max_ids, page_readers, max_page_rows, max_waiting } = sizes;
        let writes = GroupLimits {
            workers: writers,
            spare_workers: 1,
            stuck_after: Duration::from_millis(50),
            group_weight: max_rows,
            max_waiting,
            split_for: Duration::from_secs(2),
        };
        Self {
            writes,
            reads: GroupLimits { workers: readers, group_weight: max_ids, ..writes },
            pages: GroupLimits {
                workers: page_readers,
                spare_workers: 0,
                stuck_after: Duration::MAX,
                group_weight: max_page_rows,
                ..writes
            },
            patience: Duration::from_secs(1),
        }
    }

    /// The same limits, but never more than one group of writes at a time.
    #[must_use]
    pub const fn with_one_writer(self) -> Self {
        Self { writes: GroupLimits { workers: 1, spare_workers: 0, ..self.writes }, ..self }
    }

    /// How many groups of writes may run at the same time; each needs a connection.
    pub const fn groups_of_writes(&self) -> usize {
        self.writes.most_workers() + held::limits(self.writes).most_workers()
    }

    /// How many groups of look-ups may run at the same time for each queue.
    pub const fn groups_of_look_ups(&self) -> usize {
        // Jobs and entries are looked up by separate groups.
        2 * self.reads.most_workers() + self.pages.most_workers()
    }
}

/// A database whose concurrent callers share round trips and commits. Clones share its queues.
#[expect(private_bounds, reason = "which databases can be coalesced is this crate's business")]
pub struct Coalescing<S: LedgerStore> {
    store: Arc<S>,
    writes: Coalescer<Writes<S>>,
    put_off: Coalescer<PutOffWrites<S>>,
    jobs: Coalescer<Jobs<S>>,
    entries: Coalescer<Entries<S>>,
    pages: Coalescer<Pages<S>>,
    patience: Duration,
}

#[expect(private_bounds, reason = "as above")]
impl<S: LedgerStore> Coalescing<S> {
    /// Wraps `store`.
    pub fn new(store: S, settings: CoalescingSettings) -> Self {
        let (store, held, patience) = (Arc::new(store), Arc::<HeldJobs>::default(), settings.patience);
        let writes = || Writes { store: Arc::clone(&store), held: Arc::clone(&held) };
        Self {
            writes: Coalescer::new(writes(), settings.writes),
            put_off: Coalescer::new(PutOffWrites { writes: writes(), patience }, held::limits(settings.writes)),
            jobs: Coalescer::new(Jobs(Arc::clone(&store)), settings.reads),
            entries: Coalescer::new(Entries(Arc::clone(&store)), settings.reads),
            pages: Coalescer::new(Pages(Arc::clone(&store)), settings.pages),
            patience,
            store,
        }
    }

    /// Registers the metrics of the queues, as `coalescing_writes_...`, `coalescing_held_writes_...`,
    /// `coalescing_jobs_...`, `coalescing_time_entries_...` and `coalescing_pages_...`.
    pub fn register(&self, registry: &mut Registry) {
        self.writes.metrics().register(registry, "writes");
        self.put_off.metrics().register(registry, "held_writes");
        self.jobs.metrics().register(registry, "jobs");
        self.entries.metrics().register(registry, "time_entries");
        self.pages.metrics().register(registry, "pages");
    }

    async fn write<C: Command>(&self, command: C) -> Result<C::Outcome, C::Refusal> {
        let written = match self.writes.submit(command.into_write()).await? {
            Ok(written) => written,
            Err(put_off) => self.wait(put_off).await?,
        };
        outcome::<C>(S::BACKEND, written)
    }

    /// Waits for the held job that the write needs, and for further ones if it needs them, until `patience` has
    /// passed.
    async fn wait(&self, mut put_off: Box<PutOff>) -> Result<Written, BackendError> {
        let since = Instant::now();
        loop {
            put_off.since = since;
            put_off = match self.put_off.submit(put_off).await? {
                Ok(written) => return Ok(written),
                Err(again) if since.elapsed() < self.patience => again,
                Err(again) => return Err(again.too_long(S::BACKEND)),
            };
        }
    }
}

impl<S: LedgerStore> Clone for Coalescing<S> {
    fn clone(&self) -> Self {
        Self {
            store: Arc::clone(&self.store),
            writes: self.writes.clone(),
            put_off: self.put_off.clone(),
            patience: self.patience,
            jobs: self.jobs.clone(),
            entries: self.entries.clone(),
            pages: self.pages.clone(),
        }
    }
}
