//! What happens to a write that is put off, over a store whose jobs a test holds.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use stint_domain::ledger::ports::time_entry::{NewTimeEntry, RecordTime, RecordTimeError};
use stint_domain::ledger::{Applied, Job, Minutes, TimeEntry, WorkSummary};
use stint_domain::values::{JobId, Subject, TimeEntryId, Timestamp};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::super::{Coalescing, CoalescingSettings, CoalescingSizes};
use crate::grouping::{GroupError, Workers};
use crate::ledger::{Attempted, LedgerStore, PageOfJob, TimeEntryPage, Write, Written};

const FREE: JobId = JobId::new(Uuid::from_u128(1));
const HELD: JobId = JobId::new(Uuid::from_u128(2));

/// Puts off writes that need [`HELD`] until a wait for it succeeded, and tells which jobs each call was told to be
/// held.
struct Store {
    told: Sender<HashSet<JobId>>,
    awaited: Mutex<Receiver<bool>>,
    is_free: Mutex<bool>,
}

impl LedgerStore for Store {
    const BACKEND: &'static str = "store";
    const WRITERS: Workers = Workers::Threads;
    const READERS: Workers = Workers::Threads;

    async fn write(&self, writes: &[Write], held: &HashSet<JobId>) -> Result<Vec<Attempted>, GroupError> {
        self.told.send(held.clone()).unwrap();
        let is_free = *self.is_free.lock().unwrap();
        let attempted = |write: &Write| match write {
            Write::Record(record) if record.entry.related_job == HELD && !is_free => Attempted::Held(HELD),
            Write::Record(record) => {
                Attempted::Done(Written::Record(Ok(Applied::now(record.entry.clone().stored(record.at)))))
            }
            other => panic!("{other:?}"),
        };
        Ok(writes.iter().map(attempted).collect())
    }

    async fn await_job(&self, job: JobId, _wait: bool) -> Result<bool, BackendError> {
        assert_eq!(job, HELD);
        let is_free = self.awaited.lock().unwrap().recv().unwrap();
        *self.is_free.lock().unwrap() = is_free;
        Ok(is_free)
    }

    async fn find_jobs(&self, _ids: &[JobId]) -> Result<Vec<Job>, BackendError> {
        Ok(Vec::new())
    }

    async fn find_entries(&self, _ids: &[TimeEntryId]) -> Result<Vec<TimeEntry>, BackendError> {
        Ok(Vec::new())
    }

    async fn find_pages(&self, _pages: &[PageOfJob]) -> Result<Vec<TimeEntryPage>, BackendError> {
        Ok(Vec::new())
    }
}

struct Scene {
    coalescing: Coalescing<Store>,
    /// For each call of the store, the jobs that it was told to be held.
    told: Receiver<HashSet<JobId>>,
    /// Ends the wait for the job: successfully or not.
    end: Sender<bool>,
}

impl Scene {
    fn with(patience: Duration) -> Self {
        let ((tell, told), (end, awaited)) = (channel(), channel());
        let store = Store { told: tell, awaited: Mutex::new(awaited), is_free: Mutex::new(false) };
        let sizes = CoalescingSizes {
            writers: 1,
            readers: 1,
            max_rows: 1_000,
            max_ids: 200,
            page_readers: 2,
            max_page_rows: 250,
            max_waiting: 10_000,
        };
        let settings = CoalescingSettings::new(sizes).with_one_writer();
        let coalescing = Coalescing::new(store, CoalescingSettings { patience, ..settings });
        Self { coalescing, told, end }
    }

    fn record(&self, job: JobId) -> JoinHandle<Result<Applied<TimeEntry>, RecordTimeError>> {
        let entry = NewTimeEntry {
            id: TimeEntryId::new(Uuid::nil()),
            related_job: job,
            minutes_worked: Minutes::new(30).unwrap(),
            date_stamp: "2026-01-02".parse().unwrap(),
            work_summary: WorkSummary::default(),
            created_by: Subject::new("ada").unwrap(),
        };
        let command = RecordTime { entry, at: Timestamp::from_micros(0).unwrap(), idempotency: None };
        let coalescing = self.coalescing.clone();
        tokio::spawn(async move { coalescing.write(command).await })
    }

    async fn next_call(&self) -> HashSet<JobId> {
        loop {
            match self.told.try_recv() {
                Ok(held) => return held,
                Err(_empty) => tokio::task::yield_now().await,
            }
        }
    }
}

#[tokio::test]
async fn a_job_counts_as_held_for_as_long_as_writes_wait_for_it() {
    let scene = Scene::with(Duration::MAX);
    let (none, held) = (HashSet::new(), HashSet::from([HELD]));
    let first = scene.record(HELD);
    assert_eq!(scene.next_call().await, none, "nobody knows yet");
    scene.record(FREE).await.unwrap().unwrap();
    assert_eq!(scene.next_call().await, held);
    let second = scene.record(HELD);
    assert_eq!(scene.next_call().await, held);
    // There is one writer: when it takes another write, it has put off the second.
    scene.record(FREE).await.unwrap().unwrap();
    assert_eq!(scene.next_call().await, held);
    scene.end.send(true).unwrap();
    assert_eq!(scene.next_call().await, none, "the first one has its turn");
    first.await.unwrap().unwrap();
    scene.record(FREE).await.unwrap().unwrap();
    assert_eq!(scene.next_call().await, none, "whoever comes now need not line up");
    scene.end.send(true).unwrap();
    assert_eq!(scene.next_call().await, none, "and then the second one");
    second.await.unwrap().unwrap();
    scene.record(FREE).await.unwrap().unwrap();
    assert_eq!(scene.next_call().await, none);
}

#[tokio::test]
async fn a_write_is_tried_again_for_as_long_as_there_is_patience() {
    for (patience, is_stored) in [(Duration::ZERO, false), (Duration::MAX, true)] {
        let scene = Scene::with(patience);
        let write = scene.record(HELD);
        for end in [false, true] {
            scene.end.send(end).unwrap();
        }
        match write.await.unwrap() {
            Ok(_) => assert!(is_stored),
            Err(RecordTimeError::Backend(error)) => {
                assert_eq!((error.kind, is_stored), (BackendErrorKind::Timeout, false));
            }
            Err(other) => panic!("{other:?}"),
        }
        assert_eq!(scene.told.try_iter().count(), 1 + usize::from(is_stored));
    }
}
