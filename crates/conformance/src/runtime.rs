//! No method blocks a thread of the runtime: an adapter that waits for a disk or a server does so on another thread.
//!
//! The runtime polls a call, and during a poll the thread can do nothing else. The operating system counts how often
//! a thread gave up the processor by itself, which shows a poll in which the thread slept (on a file, a socket, a
//! lock). Linux has this count; elsewhere the clause passes whatever the adapter does. A thread may also sleep for
//! harmless reasons (it needs memory, or a lock is taken for a moment). So a method fails only when it sleeps in most
//! of its calls.

use std::fs;
use std::future::poll_fn;
use std::pin::pin;

use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::ledger::ports::time_entry::{BatchMode, ListTimeEntries};

use crate::Ledger;
use crate::given::{
    batch, create_job, delete_entry, delete_job, delete_job_with_entries, entries_of, entry, put_entry, put_job,
    record, rename, set_minutes,
};

/// How often each method is called.
const CALLS: usize = 12;

/// Makes one test of how the methods of the ledger's ports use the runtime. The argument is an `async fn() ->
/// Ledger`.
#[macro_export]
macro_rules! runtime {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (runtime) {
                no_method_of_the_ledger_blocks_the_runtime,
            }
        }
    };
}

/// How many calls of each method slept while they were polled.
#[derive(Default)]
pub(crate) struct Sleeps(Vec<(&'static str, usize)>);

impl Sleeps {
    /// Awaits a call of this method.
    pub(crate) async fn of<T>(&mut self, method: &'static str, call: impl Future<Output = T>) -> T {
        let (mut call, mut slept) = (pin!(call), false);
        let answer = poll_fn(|context| {
            let before = given_up();
            let poll = call.as_mut().poll(context);
            slept |= given_up() > before;
            poll
        })
        .await;
        match self.0.iter_mut().find(|(known, _)| *known == method) {
            Some((_, sleeps)) => *sleeps += usize::from(slept),
            None => self.0.push((method, usize::from(slept))),
        }
        answer
    }

    /// Fails when most calls of a method slept. Each method was called `calls` times.
    pub(crate) fn assert_few_of(self, calls: usize) {
        let blocking: Vec<_> = self.0.iter().filter(|(_, sleeps)| sleeps * 2 > calls).collect();
        assert!(blocking.is_empty(), "these slept on a thread of the runtime, so often of {calls} calls: {blocking:?}");
    }
}

/// How often this thread has slept; 0 where the operating system does not tell.
fn given_up() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap_or_default();
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or_default()
}

/// Reads, and writes that are not refused.
pub async fn no_method_of_the_ledger_blocks_the_runtime(ledger: Ledger) {
    let (jobs, entries, mut sleeps) = (&ledger.jobs, &ledger.time_entries, Sleeps::default());
    for _ in 0..CALLS {
        let new = create_job();
        let job = new.id;
        sleeps.of("JobRepository::create", jobs.create(new)).await.unwrap();
        sleeps.of("JobRepository::put", jobs.put(put_job(job))).await.unwrap();
        sleeps.of("JobRepository::update", jobs.update(rename(job, "Renamed"))).await.unwrap();
        sleeps.of("JobRepository::find", jobs.find(job)).await.unwrap();
        sleeps.of("JobRepository::list", jobs.list(ListJobs::default())).await.unwrap();
        let stored = entry(job);
        let id = stored.id;
        sleeps.of("TimeEntryRepository::record", entries.record(record(stored))).await.unwrap();
        let many = batch(BatchMode::PerItem, vec![entry(job), entry(job)]);
        sleeps.of("TimeEntryRepository::record_batch", entries.record_batch(many)).await.unwrap();
        sleeps.of("TimeEntryRepository::put", entries.put(put_entry(entry(job)))).await.unwrap();
        sleeps.of("TimeEntryRepository::update", entries.update(set_minutes(id, 45))).await.unwrap();
        sleeps.of("TimeEntryRepository::find", entries.find(id)).await.unwrap();
        sleeps.of("TimeEntryRepository::list of a job", entries.list(entries_of(job))).await.unwrap();
        sleeps.of("TimeEntryRepository::list", entries.list(ListTimeEntries::default())).await.unwrap();
        sleeps.of("TimeEntryRepository::delete", entries.delete(delete_entry(id))).await.unwrap();
        sleeps.of("TotalsAudit::audit", ledger.totals.audit()).await.unwrap();
        sleeps.of("JobRepository::delete with entries", jobs.delete(delete_job_with_entries(job))).await.unwrap();
        let empty = ledger.open_job().await.id;
        sleeps.of("JobRepository::delete", jobs.delete(delete_job(empty))).await.unwrap();
    }
    sleeps.assert_few_of(CALLS);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_call_that_blocks_is_told_from_one_that_waits() {
        let mut sleeps = Sleeps::default();
        sleeps.of("waits", tokio::time::sleep(Duration::from_millis(2))).await;
        sleeps.of("is ready", std::future::ready(())).await;
        sleeps.of("blocks", async { std::thread::sleep(Duration::from_millis(2)) }).await;
        let slept: Vec<_> = sleeps.0.iter().filter(|(_, sleeps)| *sleeps > 0).map(|(method, _)| *method).collect();
        if cfg!(target_os = "linux") {
            assert_eq!(slept, ["blocks"]);
        }
    }
}
