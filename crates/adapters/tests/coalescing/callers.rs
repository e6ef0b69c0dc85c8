//! What callers that share groups may rely on, on any database.

use std::cmp::Reverse;
use std::sync::Arc;

use futures::future::join_all;
use stint_adapters::system::UuidV7Generator;
use stint_conformance::Ledger;
use stint_domain::ledger::ports::job::{CreateJob, JobChanges, Put, UpdateJob};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, DeleteTimeEntry, ListTimeEntries, NewTimeEntry, PutTimeEntry, RecordBatch,
    RecordRefusal, RecordTime, RecordTimeError, TimeEntryChanges, TimeEntryCursor, UpdateTimeEntry,
};
use stint_domain::ledger::{
    Fingerprint, Idempotency, IdempotencyKey, JobName, JobStatus, Minutes, Precondition, TimeEntry, WorkSummary,
};
use stint_domain::values::{DateRange, JobId, Subject, TimeEntryId, Timestamp, TokenId};
use stint_domain::{IdGenerator, Page, PageSize};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use uuid::Uuid;

/// A new id.
pub(super) fn fresh() -> Uuid {
    UuidV7Generator.generate()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_micros(1_700_000_000_000_000 + seconds * 1_000_000).unwrap()
}

pub(super) async fn open_job(ledger: &Ledger) -> JobId {
    let (id, name) = (JobId::new(fresh()), JobName::new("Research").unwrap());
    let command = CreateJob { id, name, status: JobStatus::Open, at: at(0), idempotency: None };
    ledger.jobs.create(command).await.unwrap().outcome.id
}

pub(super) async fn archive(ledger: &Ledger, id: JobId) {
    let changes = JobChanges { status: Some(JobStatus::Archived), ..JobChanges::default() };
    let command = UpdateJob { id, changes, at: at(0), precondition: Precondition::None };
    ledger.jobs.update(command).await.unwrap();
}

pub(super) async fn total(ledger: &Ledger, id: JobId) -> u64 {
    ledger.jobs.find(id).await.unwrap().unwrap().total_minutes.get()
}

/// Half an hour for `job`.
pub(super) fn half_an_hour(job: JobId) -> RecordTime {
    let entry = NewTimeEntry {
        id: TimeEntryId::new(fresh()),
        related_job: job,
        minutes_worked: Minutes::new(30).unwrap(),
        date_stamp: "2026-01-02".parse().unwrap(),
        work_summary: WorkSummary::new("read the field notes").unwrap(),
        created_by: Subject::new("ada").unwrap(),
    };
    RecordTime { entry, at: at(1), idempotency: None }
}

pub(super) fn change(id: TimeEntryId, changes: TimeEntryChanges) -> UpdateTimeEntry {
    UpdateTimeEntry { id, changes, owner: None, at: at(2), precondition: Precondition::None }
}

pub(super) fn set_minutes(id: TimeEntryId, minutes: i64) -> UpdateTimeEntry {
    change(id, TimeEntryChanges { minutes_worked: Some(Minutes::new(minutes).unwrap()), ..TimeEntryChanges::default() })
}

pub(super) fn delete(id: TimeEntryId) -> DeleteTimeEntry {
    DeleteTimeEntry { id, owner: None, at: at(3), precondition: Precondition::None }
}

pub(super) async fn assert_totals_are_sums(ledger: &Ledger) {
    assert_eq!(ledger.totals.audit().await.unwrap().drifts, []);
}

/// Runs tasks that start at once, and returns their results in order.
pub(super) async fn together<T, F>(count: usize, task: impl Fn(usize) -> F) -> Vec<T>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let (start, mut tasks) = (Arc::new(Barrier::new(count)), JoinSet::new());
    for place in 0..count {
        let (start, task) = (start.clone(), task(place));
        tasks.spawn(async move {
            start.wait().await;
            (place, task.await)
        });
    }
    let mut answers = tasks.join_all().await;
    answers.sort_by_key(|(place, _)| *place);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// 32 callers ask for pages of two jobs from different places, of different dates and sizes. Each gets its own page.
pub(super) async fn each_reader_in_a_group_gets_its_own_page(ledger: Ledger) {
    let jobs = [open_job(&ledger).await, open_job(&ledger).await];
    let mut stored = Vec::new();
    for place in 0..24 {
        let mut command = half_an_hour(jobs[place % 2]);
        command.entry.date_stamp = format!("2026-01-{:02}", 1 + place % 5).parse().unwrap();
        stored.push(ledger.time_entries.record(command).await.unwrap().outcome);
    }
    stored.sort_by_key(|entry| Reverse((entry.date_stamp, entry.id)));
    let stored = Arc::new(stored);
    together(32, |place| {
        let (ledger, stored, job) = (ledger.clone(), stored.clone(), jobs[place % 2]);
        let dates = DateRange::new("2026-01-02".parse().ok(), format!("2026-01-{:02}", 2 + place % 4).parse().ok());
        let dates = if place % 3 == 0 { DateRange::default() } else { dates.unwrap() };
        let size = PageSize::new(1 + place as u64 % 7).unwrap();
        let after = (place % 4 == 3).then(|| TimeEntryCursor::from(&stored[place % 11]));
        async move {
            let follows = |entry: &TimeEntry| {
                after.is_none_or(|after| (entry.date_stamp, entry.id) < (after.date_stamp, after.id))
            };
            let shown =
                |entry: &&TimeEntry| entry.related_job == job && dates.contains(entry.date_stamp) && follows(entry);
            let expected = stored.iter().filter(shown).take(size.get() + 1).cloned().collect();
            let expected = Page::of(expected, size, |entry: &TimeEntry| TimeEntryCursor::from(entry));
            let query = ListTimeEntries { related_job: Some(job), dates, created_by: None, size, after };
            assert_eq!(ledger.time_entries.list(query).await.unwrap(), expected, "the place {place}");
        }
    })
    .await;
}

/// 256 callers ask for the largest pages. The queue's bound counts waiting callers, not the rows that they will get.
pub(super) async fn readers_of_large_pages_are_not_refused(ledger: Ledger) {
    let job = open_job(&ledger).await;
    together(256, |_| {
        let ledger = ledger.clone();
        let size = PageSize::new(PageSize::MAX.into()).unwrap();
        let query = ListTimeEntries { related_job: Some(job), size, ..ListTimeEntries::default() };
        async move { assert_eq!(ledger.time_entries.list(query).await.unwrap().items, []) }
    })
    .await;
}

/// 64 callers mix valid, unknown and archived jobs. Exactly the valid entries are stored, and only their callers are
/// told so.
pub(super) async fn each_caller_in_a_group_gets_its_own_answer(ledger: Ledger) {
    let (open, archived) = (open_job(&ledger).await, open_job(&ledger).await);
    archive(&ledger, archived).await;
    for round in 1..=20 {
        let answers = together(64, |place| {
            let ledger = ledger.clone();
            let unknown = JobId::new(fresh());
            async move {
                let job = [open, unknown, archived, open][place % 4];
                let command = half_an_hour(job);
                match (ledger.time_entries.record(command.clone()).await, place % 4) {
                    (Ok(applied), 0 | 3) => assert_eq!(applied.outcome, command.entry.clone().stored(command.at)),
                    (Err(RecordTimeError::Refused(why)), 1) => assert_eq!(why, RecordRefusal::JobNotFound(job)),
                    (Err(RecordTimeError::Refused(why)), 2) => assert_eq!(why, RecordRefusal::JobArchived(job)),
                    (other, _) => panic!("{other:?} for the place {place}"),
                }
                let stored = ledger.time_entries.find(command.entry.id).await.unwrap();
                assert_eq!(stored.is_some(), job == open);
            }
        })
        .await;
        assert_eq!(answers.len(), 64);
        assert_eq!((total(&ledger, open).await, total(&ledger, archived).await), (round * 32 * 30, 0));
    }
    assert_totals_are_sums(&ledger).await;
}

/// Two new entries with the same id: one of them is stored, also when only one of their jobs is open.
pub(super) async fn an_id_that_two_callers_choose_is_stored_for_one(ledger: Ledger) {
    let open = open_job(&ledger).await;
    for _ in 0..20 {
        let mine = half_an_hour(open);
        let mut other = half_an_hour(JobId::new(fresh()));
        other.entry.id = mine.entry.id;
        let (mine, other) =
            futures::future::join(ledger.time_entries.record(mine), ledger.time_entries.record(other)).await;
        mine.unwrap();
        assert!(matches!(other, Err(RecordTimeError::Refused(_))), "{other:?}");
    }
    assert_totals_are_sums(&ledger).await;
}

/// One task sends commands on one entry in an order, and each finds what the one before it left. (With one worker:
/// two groups that run at the same time have no order.)
pub(super) async fn commands_on_one_entry_keep_their_order(ledger: Ledger) {
    let (job, other) = (open_job(&ledger).await, open_job(&ledger).await);
    for _ in 0..20 {
        let RecordTime { entry, .. } = half_an_hour(job);
        let id = entry.id;
        let put = PutTimeEntry { entry, owner: None, at: at(1), precondition: Precondition::Absent };
        let to_other = TimeEntryChanges { related_job: Some(other), ..TimeEntryChanges::default() };
        let entries = &ledger.time_entries;
        // The futures are polled in this order, so the commands are queued in it.
        let (neighbours, created, edited, moved, deleted, gone, again) = futures::join!(
            join_all((0..5).map(|_| entries.record(half_an_hour(other)))),
            entries.put(put.clone()),
            entries.update(set_minutes(id, 45)),
            entries.update(change(id, to_other)),
            entries.delete(delete(id)),
            entries.update(set_minutes(id, 50)),
            entries.put(PutTimeEntry { at: at(4), ..put.clone() }),
        );
        assert!(neighbours.iter().all(Result::is_ok), "{neighbours:?}");
        let Put::Created(created) = created.unwrap() else { panic!("the entry was there") };
        let (edited, moved) = (edited.unwrap(), moved.unwrap());
        assert_eq!((edited.minutes_worked.get(), edited.version), (45, created.version.next()));
        assert_eq!((moved.related_job, moved.minutes_worked.get()), (other, 45));
        assert_eq!(moved.version, edited.version.next());
        deleted.unwrap();
        assert!(matches!(gone, Err(ChangeTimeEntryError::NotFound(_))), "{gone:?}");
        assert_eq!(again.unwrap(), Put::Created(put.entry.stored(at(4))));
        entries.delete(delete(id)).await.unwrap();
    }
    assert_eq!((total(&ledger, job).await, total(&ledger, other).await), (0, 20 * 5 * 30));
    assert_totals_are_sums(&ledger).await;
}

/// Creations, moves, edits, deletions, batches and keys at the same time, through several `instances` on one
/// database. Each caller gets only its own command's outcome, and at the end every total is the sum.
pub(super) async fn mixed_writers_on_several_instances_keep_every_total(instances: Vec<Ledger>) {
    let first = &instances[0];
    let mut jobs = Vec::new();
    for _ in 0..5 {
        jobs.push(open_job(first).await);
    }
    for round in 0..20 {
        let mut shared = Vec::new();
        for place in 0..8 {
            shared.push(first.time_entries.record(half_an_hour(jobs[place % 5])).await.unwrap().outcome.id);
        }
        together(16, |writer| {
            let ledger = instances[writer % instances.len()].clone();
            mixed_writer(ledger, round, writer, jobs.clone(), shared.clone())
        })
        .await;
        assert_totals_are_sums(first).await;
    }
}

async fn mixed_writer(ledger: Ledger, round: usize, writer: usize, jobs: Vec<JobId>, shared: Vec<TimeEntryId>) {
    for step in 0..8 {
        // A fixed scramble: every writer takes its own way through the same few jobs, entries and keys.
        let dice = (writer * 31 + step * 17 + round) ^ (writer * step);
        let (job, entry) = (jobs[dice % jobs.len()], shared[dice % shared.len()]);
        match (writer + step) % 6 {
            0 => drop(ledger.time_entries.record(half_an_hour(job)).await.unwrap()),
            1 => {
                let entries = (0..3).map(|n| half_an_hour(jobs[(dice + n) % jobs.len()]).entry).collect();
                let command = RecordBatch { entries, mode: BatchMode::Atomic, at: at(1), idempotency: None };
                assert_eq!(ledger.time_entries.record_batch(command).await.unwrap().outcome.len(), 3);
            }
            2 => assert_done_or_gone(
                ledger.time_entries.update(set_minutes(entry, i64::try_from(1 + dice % 99).unwrap())).await,
            ),
            3 => {
                let changes = TimeEntryChanges { related_job: Some(job), ..TimeEntryChanges::default() };
                assert_done_or_gone(ledger.time_entries.update(change(entry, changes)).await);
            }
            4 => {
                // A few keys, so that some race: the second caller gets the first one's entry.
                let key = IdempotencyKey::new(&format!("{round}-{}", dice % 4)).unwrap();
                let (token, fingerprint) = (TokenId::new(Uuid::nil()), Fingerprint([7; 32]));
                let idempotency = Some(Idempotency { token, key, fingerprint });
                ledger.time_entries.record(RecordTime { idempotency, ..half_an_hour(job) }).await.unwrap();
            }
            _ if step < 4 => drop(ledger.time_entries.record(half_an_hour(job)).await.unwrap()),
            _ => match ledger.time_entries.delete(delete(entry)).await {
                Ok(()) | Err(ChangeTimeEntryError::NotFound(_)) => {}
                Err(other) => panic!("{other:?}"),
            },
        }
    }
}

fn assert_done_or_gone<T>(result: Result<T, ChangeTimeEntryError>) {
    match result {
        Ok(_) | Err(ChangeTimeEntryError::NotFound(_)) => {}
        Err(other) => panic!("{other:?}"),
    }
}
