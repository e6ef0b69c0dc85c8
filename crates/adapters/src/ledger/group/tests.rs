//! What a group does to a ledger, without a database.

use stint_domain::ledger::ports::job::Put;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, DeleteTimeEntry, NewTimeEntry, PutTimeEntry, RecordBatch, RecordBatchError,
    RecordRefusal, RecordTime, RecordTimeError, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::ledger::{JobName, JobStatus, Minutes, Precondition, TotalMinutes, WorkSummary};
use stint_domain::values::{Subject, Version};
use uuid::Uuid;

use super::*;

const A: JobId = JobId::new(Uuid::from_u128(1));
const B: JobId = JobId::new(Uuid::from_u128(2));
const ARCHIVED: JobId = JobId::new(Uuid::from_u128(3));
const UNKNOWN: JobId = JobId::new(Uuid::from_u128(4));

/// Two open jobs and an archived one, and the entry 100 of half an hour for A.
fn ledger() -> Ledger {
    let mut ledger = Ledger::new("test");
    for (id, status) in [(A, JobStatus::Open), (B, JobStatus::Open), (ARCHIVED, JobStatus::Archived)] {
        let job = Job {
            id,
            name: JobName::new("Research").unwrap(),
            status,
            total_minutes: TotalMinutes::new(if id == A { 30 } else { 0 }).unwrap(),
            version: Version::initial(at(0)),
            created_at: at(0),
            updated_at: at(0),
        };
        ledger.jobs.insert(id, job);
    }
    ledger.entries.insert(entry(100, A).id, entry(100, A).stored(at(0)));
    ledger
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn id(id: u128) -> TimeEntryId {
    TimeEntryId::new(Uuid::from_u128(id))
}

fn entry(n: u128, job: JobId) -> NewTimeEntry {
    NewTimeEntry {
        id: id(n),
        related_job: job,
        minutes_worked: Minutes::new(30).unwrap(),
        date_stamp: "2026-01-02".parse().unwrap(),
        work_summary: WorkSummary::default(),
        created_by: Subject::new("ada").unwrap(),
    }
}

fn record(n: u128, job: JobId) -> Write {
    Write::Record(RecordTime { entry: entry(n, job), at: at(5), idempotency: None })
}

fn key(text: &str, fingerprint: u8) -> Idempotency {
    let (token, key) = (TokenId::new(Uuid::nil()), IdempotencyKey::new(text).unwrap());
    Idempotency { token, key, fingerprint: Fingerprint([fingerprint; 32]) }
}

fn keyed(n: u128, job: JobId, key: Idempotency) -> Write {
    Write::Record(RecordTime { entry: entry(n, job), at: at(5), idempotency: Some(key) })
}

fn batch(mode: BatchMode, entries: &[(u128, JobId)]) -> Write {
    let entries = entries.iter().map(|(n, job)| entry(*n, *job)).collect();
    Write::Batch(RecordBatch { entries, mode, at: at(6), idempotency: None })
}

fn put(n: u128, job: JobId, precondition: Precondition) -> Write {
    Write::Put(PutTimeEntry { entry: entry(n, job), owner: None, at: at(7), precondition })
}

fn update(n: u128, changes: TimeEntryChanges, precondition: Precondition) -> Write {
    Write::Update(UpdateTimeEntry { id: id(n), changes, owner: None, at: at(8), precondition })
}

fn minutes(minutes: i64) -> TimeEntryChanges {
    TimeEntryChanges { minutes_worked: Some(Minutes::new(minutes).unwrap()), ..TimeEntryChanges::default() }
}

fn to_job(job: JobId) -> TimeEntryChanges {
    TimeEntryChanges { related_job: Some(job), ..TimeEntryChanges::default() }
}

fn delete(n: u128) -> Write {
    Write::Delete(DeleteTimeEntry { id: id(n), owner: None, at: at(9), precondition: Precondition::None })
}

/// What a group did to the [`ledger`].
struct Done {
    before: Ledger,
    after: Ledger,
    written: Vec<Written>,
}

impl Done {
    fn by(writes: &[Write]) -> Self {
        let before = ledger();
        let mut after = before.clone();
        let written = after.carry_out(writes);
        Self { before, after, written }
    }

    fn differences(&self) -> Differences<'_> {
        self.after.differences_from(&self.before)
    }

    /// The job's total, and by how much its version grew.
    fn job(&self, id: JobId) -> (u64, i64) {
        let (before, after) = (&self.before.jobs[&id], &self.after.jobs[&id]);
        (after.total_minutes.get(), after.version.get() - before.version.get())
    }
}

#[test]
fn the_scope_is_what_the_writes_name_each_once_and_in_order() {
    let writes = [
        keyed(9, B, key("b", 1)),
        batch(BatchMode::Atomic, &[(7, A), (8, UNKNOWN)]),
        update(3, to_job(ARCHIVED), Precondition::None),
        keyed(9, B, key("a", 1)),
        keyed(9, B, key("b", 2)),
        delete(1),
    ];
    let scope = Scope::of(&writes);
    assert_eq!(scope.jobs.into_iter().collect::<Vec<_>>(), [A, B, ARCHIVED, UNKNOWN]);
    assert_eq!(scope.entries.into_iter().collect::<Vec<_>>(), [1, 3, 7, 8, 9].map(id));
    assert_eq!(scope.keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(scope.at, Some(at(9)));
}

#[test]
fn refusals_are_each_callers_own_and_change_nothing() {
    let done = Done::by(&[record(1, A), record(2, UNKNOWN), record(3, ARCHIVED), record(100, B), record(4, B)]);
    let [first, unknown, archived, taken, last] = &done.written[..] else { panic!("{:?}", done.written) };
    assert!(matches!(first, Written::Record(Ok(applied)) if applied.outcome == entry(1, A).stored(at(5))));
    assert!(matches!(last, Written::Record(Ok(applied)) if applied.outcome == entry(4, B).stored(at(5))));
    let refused =
        |written: &Written, why| matches!(written, Written::Record(Err(RecordTimeError::Refused(r))) if *r == why);
    assert!(refused(unknown, RecordRefusal::JobNotFound(UNKNOWN)));
    assert!(refused(archived, RecordRefusal::JobArchived(ARCHIVED)));
    assert!(refused(taken, RecordRefusal::IdTaken(id(100))));
    let differences = done.differences();
    assert_eq!(differences.created.iter().map(|entry| entry.id).collect::<Vec<_>>(), [id(1), id(4)]);
    assert_eq!(differences.jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [A, B]);
    assert_eq!((done.job(A), done.job(B)), ((60, 1), (30, 1)));
}

#[test]
fn each_write_of_a_job_is_one_version_and_the_latest_one_its_moment() {
    let done = Done::by(&[record(1, A), batch(BatchMode::PerItem, &[(2, A), (3, A)]), record(4, A)]);
    assert_eq!(done.job(A), (150, 3));
    assert_eq!(done.differences().jobs[0].updated_at, at(6), "the batch's, although a record comes after it");
}

#[test]
fn an_entry_that_is_created_edited_and_deleted_in_one_group_leaves_no_row() {
    let done = Done::by(&[record(1, A), update(1, minutes(45), Precondition::None), delete(1)]);
    assert!(matches!(&done.written[1], Written::Update(Ok(entry)) if entry.version == Version::initial(at(5)).next()));
    let differences = done.differences();
    assert!(
        differences.created.is_empty() && differences.edited.is_empty() && differences.deleted.is_empty(),
        "{differences:?}"
    );
    assert_eq!(done.job(A), (30, 3));
}

#[test]
fn edits_of_one_entry_follow_each_other_and_are_stored_once() {
    let first = Precondition::Version(vec![Version::initial(at(0))]);
    let next = Precondition::Version(vec![Version::initial(at(0)).next()]);
    let done = Done::by(&[
        update(100, minutes(45), first.clone()),
        update(100, minutes(50), first),
        update(100, to_job(B), next),
        update(100, TimeEntryChanges::default(), Precondition::Exists),
    ]);
    assert!(matches!(&done.written[1], Written::Update(Err(ChangeTimeEntryError::Precondition(_)))));
    let differences = done.differences();
    let [edited] = &differences.edited[..] else { panic!("{differences:?}") };
    assert_eq!((edited.related_job, edited.minutes_worked.get()), (B, 45));
    assert!(matches!(&done.written[3], Written::Update(Ok(entry)) if entry == *edited));
    assert_eq!((done.job(A), done.job(B)), ((0, 2), (45, 1)));
}

#[test]
fn an_entry_that_takes_the_place_of_a_deleted_one_is_a_new_row() {
    let done = Done::by(&[delete(100), put(100, B, Precondition::Absent), put(100, A, Precondition::Absent)]);
    assert!(matches!(&done.written[1], Written::Put(Ok(Put::Created(_)))));
    assert!(matches!(&done.written[2], Written::Put(Err(ChangeTimeEntryError::Precondition(_)))));
    let differences = done.differences();
    assert_eq!((&differences.deleted[..], differences.edited.len()), (&[id(100)][..], 0));
    assert_eq!(differences.created, [&entry(100, B).stored(at(7))]);
    assert_eq!((done.job(A), done.job(B)), ((0, 1), (30, 1)));
}

#[test]
fn neither_a_move_to_nor_an_edit_in_an_archived_job_happens() {
    let writes = [
        update(100, to_job(ARCHIVED), Precondition::None),
        update(100, to_job(UNKNOWN), Precondition::None),
        put(1, ARCHIVED, Precondition::None),
        delete(1),
    ];
    let done = Done::by(&writes);
    assert!(matches!(&done.written[0], Written::Update(Err(ChangeTimeEntryError::JobArchived(ARCHIVED)))));
    assert!(matches!(&done.written[1], Written::Update(Err(ChangeTimeEntryError::JobNotFound(UNKNOWN)))));
    assert!(matches!(&done.written[2], Written::Put(Err(ChangeTimeEntryError::JobArchived(ARCHIVED)))));
    assert!(matches!(&done.written[3], Written::Delete(Err(ChangeTimeEntryError::NotFound(_)))));
    assert!(done.differences().jobs.is_empty());
}

#[test]
fn a_batch_is_whole_or_not_there_beside_others_that_are() {
    let bad = [(1, A), (2, UNKNOWN), (3, A)];
    let done = Done::by(&[batch(BatchMode::Atomic, &bad), record(1, B), batch(BatchMode::PerItem, &bad)]);
    let Written::Batch(Err(RecordBatchError::Refused(why))) = &done.written[0] else { panic!("{:?}", done.written) };
    assert_eq!(why, &[(1, RecordRefusal::JobNotFound(UNKNOWN))]);
    let Written::Batch(Ok(applied)) = &done.written[2] else { panic!("{:?}", done.written) };
    assert_eq!(applied.outcome[0], Err(RecordRefusal::IdTaken(id(1))), "the record between them was first");
    assert!(applied.outcome[2].is_ok());
    assert_eq!((done.job(A), done.job(B)), ((60, 1), (30, 1)));
}

#[test]
fn a_write_that_is_sent_twice_in_one_group_counts_once() {
    let done = Done::by(&[record(1, A), record(1, A), record(100, A)]);
    assert!(done.written.iter().all(|written| matches!(written, Written::Record(Ok(_)))), "{:?}", done.written);
    assert_eq!(done.job(A), (60, 1));
}

#[test]
fn of_two_writes_with_one_new_key_the_second_is_a_replay_of_the_first() {
    let done = Done::by(&[keyed(1, A, key("k", 1)), keyed(2, A, key("k", 1)), keyed(3, A, key("k", 2))]);
    let Written::Record(Ok(replay)) = &done.written[1] else { panic!("{:?}", done.written) };
    assert_eq!((replay.replayed, replay.outcome.id), (true, id(1)));
    assert!(matches!(&done.written[2], Written::Record(Err(RecordTimeError::KeyReused))));
    assert_eq!(done.job(A), (60, 1));
    let differences = done.differences();
    let [kept] = &differences.outcomes[..] else { panic!("{differences:?}") };
    assert_eq!((kept.key.as_str(), kept.fingerprint), ("k", Fingerprint([1; 32])));
    assert!(matches!(kept.outcome, Outcome::TimeEntry(entry) if entry.id == id(1)));
}

#[test]
fn a_refused_write_leaves_its_key_to_the_next() {
    let done = Done::by(&[keyed(1, ARCHIVED, key("k", 1)), keyed(2, A, key("k", 2)), keyed(3, UNKNOWN, key("l", 1))]);
    assert!(matches!(&done.written[0], Written::Record(Err(RecordTimeError::Refused(_)))));
    assert!(matches!(&done.written[1], Written::Record(Ok(applied)) if !applied.replayed));
    let differences = done.differences();
    let [kept] = &differences.outcomes[..] else { panic!("{differences:?}") };
    assert_eq!(kept.fingerprint, Fingerprint([2; 32]));
}

#[test]
fn a_write_that_fails_changes_nothing_and_fails_nobody_else() {
    let mut ledger = ledger();
    ledger.jobs.remove(&A);
    let before = ledger.clone();
    // The entry's job does not exist: a defect, not a refusal.
    let written = ledger.carry_out(&[delete(100), record(1, B)]);
    let [Written::Delete(Err(ChangeTimeEntryError::Backend(failed))), Written::Record(Ok(stored))] = &written[..]
    else {
        panic!("{written:?}")
    };
    assert_eq!(failed.backend, "test");
    let differences = ledger.differences_from(&before);
    assert_eq!((differences.created, differences.deleted), (vec![&stored.outcome], vec![]));
}
