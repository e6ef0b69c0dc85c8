//! The steps of a sequence, and the commands made from them.

use proptest::prelude::*;
use proptest::sample::select;
use stint_domain::ledger::ports::job::{CreateJob, DeleteJob, EntriesOfDeleted, JobChanges, PutJob, UpdateJob};
use stint_domain::ledger::ports::time_entry::{
    BatchMode, DeleteTimeEntry, NewTimeEntry, PutTimeEntry, RecordBatch, RecordTime, TimeEntryChanges, UpdateTimeEntry,
};
use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey, JobStatus, Precondition};
use stint_domain::values::{JobId, TimeEntryId, TokenId, Version};

use super::command::{Answer, Command};
use crate::given::{at, day, entry_id, exactly, fresh, job_id, minutes, name, stale, subject, summary};

/// A step, in small numbers that shrink well. [`World`] knows which job, entry or key each number means.
#[derive(Debug, Clone)]
pub(super) struct Step {
    deed: Deed,
    job: usize,
    entry: usize,
    minutes: i64,
    archived: bool,
    guard: Guard,
    /// Whose entry it must be, if that matters.
    owner: Option<&'static str>,
    /// Which key, if any. Its low bit chooses between two fingerprints.
    key: Option<usize>,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    CreateJob,
    PutJob,
    RenameJob,
    SetStatus,
    TouchJob,
    DeleteJob { entries: bool },
    Record,
    Batch { atomic: bool, more: usize },
    PutEntry,
    SetMinutes,
    MoveEntry,
    TouchEntry,
    DeleteEntry,
}

#[derive(Debug, Clone, Copy)]
enum Guard {
    None,
    Exists,
    Absent,
    Latest,
    Stale,
}

/// Any step. Steps that store time are more frequent, so that there is something to change.
pub(super) fn any_step() -> impl Strategy<Value = Step> {
    let deed = prop_oneof![
        3 => Just(Deed::CreateJob),
        2 => Just(Deed::PutJob),
        1 => Just(Deed::RenameJob),
        2 => Just(Deed::SetStatus),
        1 => Just(Deed::TouchJob),
        1 => any::<bool>().prop_map(|entries| Deed::DeleteJob { entries }),
        6 => Just(Deed::Record),
        3 => (any::<bool>(), 0usize..4).prop_map(|(atomic, more)| Deed::Batch { atomic, more }),
        3 => Just(Deed::PutEntry),
        2 => Just(Deed::SetMinutes),
        3 => Just(Deed::MoveEntry),
        1 => Just(Deed::TouchEntry),
        2 => Just(Deed::DeleteEntry),
    ];
    let guard = prop_oneof![
        6 => Just(Guard::None),
        1 => Just(Guard::Exists),
        1 => Just(Guard::Absent),
        2 => Just(Guard::Latest),
        1 => Just(Guard::Stale),
    ];
    let key = prop_oneof![2 => Just(None), 1 => (0usize..4).prop_map(Some)];
    let archived = prop_oneof![4 => Just(false), 1 => Just(true)];
    let owner = prop_oneof![3 => Just(None), 1 => Just(Some("ada")), 1 => Just(Some("eve"))];
    (deed, 0usize..JOBS, 0usize..ENTRIES, select(vec![1i64, 30, 1440]), archived, guard, owner, key).prop_map(
        |(deed, job, entry, minutes, archived, guard, owner, key)| Step {
            deed,
            job,
            entry,
            minutes,
            archived,
            guard,
            owner,
            key,
        },
    )
}

const JOBS: usize = 4;
const ENTRIES: usize = 8;

/// The jobs, entries and keys of the small numbers. There are few, so that steps affect each other.
pub(super) struct World {
    jobs: Vec<JobId>,
    entries: Vec<TimeEntryId>,
    token: TokenId,
    /// The last version that an answer showed, by index.
    job_versions: Vec<Option<Version>>,
    entry_versions: Vec<Option<Version>>,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            jobs: (0..JOBS).map(|_| job_id()).collect(),
            entries: (0..ENTRIES).map(|_| entry_id()).collect(),
            token: TokenId::new(fresh()),
            job_versions: vec![None; JOBS],
            entry_versions: vec![None; ENTRIES],
        }
    }

    /// The command of the step at `place`. Most commands that change something carry a new text, so that a report
    /// shows which step wrote what.
    pub(super) fn command(&self, place: usize, step: &Step) -> Command {
        let at = at(i64::try_from(place).unwrap() + 1);
        let text = format!("step {place}");
        let (id, job) = (self.entries[step.entry], self.jobs[step.job]);
        let status = if step.archived { JobStatus::Archived } else { JobStatus::Open };
        let owner = step.owner.map(subject);
        let of_job = guard(step.guard, self.job_versions[step.job]);
        let of_entry = guard(step.guard, self.entry_versions[step.entry]);
        let changes = |changes| {
            Command::UpdateEntry(UpdateTimeEntry {
                id,
                changes,
                owner: owner.clone(),
                at,
                precondition: of_entry.clone(),
            })
        };
        let update_job = |changes| Command::UpdateJob(UpdateJob { id: job, changes, at, precondition: of_job.clone() });
        let (new_name, new_summary) = (Some(name(&text)), Some(summary(&text)));
        match step.deed {
            // The name depends on the job's index, so that repeats occur.
            Deed::CreateJob => {
                let name = name(&format!("job {}", step.job));
                Command::CreateJob(CreateJob { id: job, name, status, at, idempotency: self.key(step.key) })
            }
            Deed::PutJob => Command::PutJob(PutJob { id: job, name: name(&text), status, at, precondition: of_job }),
            Deed::RenameJob => update_job(JobChanges { name: new_name, status: None }),
            Deed::SetStatus => update_job(JobChanges { name: None, status: Some(status) }),
            Deed::TouchJob => update_job(JobChanges::default()),
            Deed::DeleteJob { entries } => {
                let entries = if entries { EntriesOfDeleted::Delete } else { EntriesOfDeleted::Refuse };
                Command::DeleteJob(DeleteJob { id: job, entries, precondition: of_job })
            }
            Deed::Record => {
                let entry = self.new_entry(step.entry, step.job, step.minutes);
                Command::Record(RecordTime { entry, at, idempotency: self.key(step.key) })
            }
            Deed::Batch { atomic, more } => {
                let entries = (0..=more)
                    .map(|i| self.new_entry((step.entry + i) % ENTRIES, (step.job + i) % JOBS, step.minutes))
                    .collect();
                let mode = if atomic { BatchMode::Atomic } else { BatchMode::PerItem };
                Command::Batch(RecordBatch { entries, mode, at, idempotency: self.key(step.key) })
            }
            Deed::PutEntry => {
                let entry =
                    NewTimeEntry { work_summary: summary(&text), ..self.new_entry(step.entry, step.job, step.minutes) };
                Command::PutEntry(PutTimeEntry { entry, owner, at, precondition: of_entry })
            }
            // Often the minutes are the same as before, which is a change like any other.
            Deed::SetMinutes => {
                changes(TimeEntryChanges { minutes_worked: Some(minutes(step.minutes)), ..TimeEntryChanges::default() })
            }
            Deed::MoveEntry => changes(TimeEntryChanges {
                related_job: Some(job),
                date_stamp: Some(day(step.minutes.unsigned_abs() % 3)),
                work_summary: new_summary,
                ..TimeEntryChanges::default()
            }),
            Deed::TouchEntry => changes(TimeEntryChanges::default()),
            Deed::DeleteEntry => Command::DeleteEntry(DeleteTimeEntry { id, owner, at, precondition: of_entry }),
        }
    }

    /// Notes the versions that an answer shows, for later preconditions.
    pub(super) fn notice(&mut self, answer: &Answer) {
        match answer {
            Answer::Job(job) => {
                let place = self.jobs.iter().position(|id| *id == job.id);
                self.job_versions[place.unwrap()] = Some(job.version);
            }
            Answer::Entry(entry) => {
                let place = self.entries.iter().position(|id| *id == entry.id);
                self.entry_versions[place.unwrap()] = Some(entry.version);
            }
            Answer::Batch(_) | Answer::Done | Answer::Refused(_) => {}
        }
    }

    fn new_entry(&self, entry: usize, job: usize, count: i64) -> NewTimeEntry {
        NewTimeEntry {
            id: self.entries[entry],
            related_job: self.jobs[job],
            minutes_worked: minutes(count),
            date_stamp: day(entry as u64 % 3),
            work_summary: summary("as recorded"),
            created_by: subject(if job.is_multiple_of(2) { "ada" } else { "eve" }),
        }
    }

    /// Two keys for all operations.
    fn key(&self, key: Option<usize>) -> Option<Idempotency> {
        key.map(|key| Idempotency {
            token: self.token,
            key: IdempotencyKey::new(&format!("key {}", key / 2)).unwrap(),
            fingerprint: Fingerprint([u8::try_from(key % 2).unwrap(); 32]),
        })
    }
}

fn guard(guard: Guard, latest: Option<Version>) -> Precondition {
    match (guard, latest) {
        (Guard::None, _) => Precondition::None,
        (Guard::Exists, _) => Precondition::Exists,
        (Guard::Absent, _) => Precondition::Absent,
        (Guard::Latest, Some(version)) => exactly(version),
        (Guard::Latest, None) | (Guard::Stale, _) => stale(),
    }
}
