//! Each write decides in its own transaction whether a job is open: the job that an archive returns stays as it is.

use std::sync::Arc;

use stint_domain::ledger::ports::time_entry::{
    BatchMode, ChangeTimeEntryError, NewTimeEntry, RecordBatchError, RecordRefusal, RecordTimeError,
};
use stint_domain::values::{JobId, TimeEntryId};
use tokio::sync::Semaphore;

use super::race;
use crate::Ledger;
use crate::given::{batch, delete_entry, entries_of, entry, minutes, move_to, put_entry, record, set_minutes};
use crate::suite::unless_refused;

/// How often an archive races with writers of one kind.
const ROUNDS: usize = 6;
/// How many tasks write.
const WRITERS: usize = 6;
/// How many entries each writer has to change. A writer that runs out of them stops.
const ENTRIES: usize = 12;

/// What the writers do again and again until they are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Record,
    Batch,
    Put,
    Replace,
    Edit,
    MoveIn,
    MoveOut,
    Delete,
}

/// New entries, one by one.
pub async fn an_archive_is_the_end_of_records(ledger: Ledger) {
    archive_beside(&ledger, Kind::Record).await;
}

/// New entries, many at once, in both modes. A batch is never stored in part.
pub async fn an_archive_is_the_end_of_batches(ledger: Ledger) {
    archive_beside(&ledger, Kind::Batch).await;
}

/// New entries under the caller's id.
pub async fn an_archive_is_the_end_of_puts_of_new_entries(ledger: Ledger) {
    archive_beside(&ledger, Kind::Put).await;
}

/// Entries that exist.
pub async fn an_archive_is_the_end_of_puts_that_replace(ledger: Ledger) {
    archive_beside(&ledger, Kind::Replace).await;
}

/// Edits of the minutes.
pub async fn an_archive_is_the_end_of_edits(ledger: Ledger) {
    archive_beside(&ledger, Kind::Edit).await;
}

/// From a job that stays open.
pub async fn an_archive_is_the_end_of_moves_into_the_job(ledger: Ledger) {
    archive_beside(&ledger, Kind::MoveIn).await;
}

/// To a job that stays open.
pub async fn an_archive_is_the_end_of_moves_out_of_the_job(ledger: Ledger) {
    archive_beside(&ledger, Kind::MoveOut).await;
}

/// Deletions of entries.
pub async fn an_archive_is_the_end_of_deletions(ledger: Ledger) {
    archive_beside(&ledger, Kind::Delete).await;
}

async fn archive_beside(ledger: &Ledger, kind: Kind) {
    for round in 0..ROUNDS {
        let (job, other) = (ledger.open_job().await.id, ledger.open_job().await.id);
        let mut material = Vec::new();
        for _ in 0..WRITERS {
            material.push(given_entries(ledger, kind, job, other).await);
        }
        // The archive comes when about every writer has written once.
        let accepted = Arc::new(Semaphore::new(0));
        let mut ends = race(round, WRITERS + 1, |place| {
            let (ledger, accepted, mine) = (ledger.clone(), accepted.clone(), material.get(place).cloned());
            async move {
                let Some(mine) = mine else {
                    accepted.acquire_many(u32::try_from(WRITERS).unwrap()).await.unwrap().forget();
                    let archived = ledger.archive(job).await;
                    return Some((archived, ledger.all_entries(entries_of(job)).await));
                };
                // Otherwise all would be at the same point when the archive comes.
                for _ in 0..place {
                    tokio::task::yield_now().await;
                }
                for id in mine {
                    if !write(&ledger, kind, job, other, id).await {
                        break;
                    }
                    accepted.add_permits(1);
                    // An adapter that never waits would otherwise keep the archive from its turn.
                    tokio::task::yield_now().await;
                }
                None
            }
        })
        .await;
        let (archived, entries) = ends.remove(WRITERS).expect("the last one archives");
        assert_eq!(ledger.job(job).await, archived, "the job is what the archive answered with");
        assert_eq!(ledger.all_entries(entries_of(job)).await, entries, "its entries are those of that moment");
        let sum: u64 = entries.iter().map(|entry| u64::from(entry.minutes_worked.get())).sum();
        assert_eq!(archived.total_minutes.get(), sum, "its total is theirs");
    }
    ledger.assert_totals_are_sums().await;
}

/// The entries that a writer changes one after the other; or new ids, for a writer of new entries.
async fn given_entries(ledger: &Ledger, kind: Kind, job: JobId, other: JobId) -> Vec<TimeEntryId> {
    let new: Vec<NewTimeEntry> = match kind {
        Kind::MoveIn => (0..ENTRIES).map(|_| entry(other)).collect(),
        _ => (0..ENTRIES).map(|_| entry(job)).collect(),
    };
    let ids = new.iter().map(|entry| entry.id).collect();
    if !matches!(kind, Kind::Record | Kind::Batch | Kind::Put) {
        ledger.time_entries.record_batch(batch(BatchMode::Atomic, new)).await.unwrap();
    }
    ids
}

/// Whether the write was accepted. Any refusal but that this job is archived fails the clause.
async fn write(ledger: &Ledger, kind: Kind, job: JobId, other: JobId, id: TimeEntryId) -> bool {
    let entries = &ledger.time_entries;
    let new = NewTimeEntry { id, ..entry(job) };
    let written = match kind {
        Kind::Record => {
            let recorded = entries.record(record(new)).await;
            let accepted = unless_refused!(
                recorded,
                RecordTimeError::Refused(RecordRefusal::JobArchived(named)) if named == job
            );
            return accepted.is_some();
        }
        Kind::Batch => return write_batch(ledger, new).await,
        Kind::Put | Kind::Replace => {
            entries.put(put_entry(NewTimeEntry { minutes_worked: minutes(44), ..new })).await.map(drop)
        }
        Kind::Edit => entries.update(set_minutes(id, 44)).await.map(drop),
        Kind::MoveIn => entries.update(move_to(id, job)).await.map(drop),
        Kind::MoveOut => entries.update(move_to(id, other)).await.map(drop),
        Kind::Delete => entries.delete(delete_entry(id)).await,
    };
    unless_refused!(written, ChangeTimeEntryError::JobArchived(named) if named == job).is_some()
}

/// An atomic batch, then one that is not.
async fn write_batch(ledger: &Ledger, new: NewTimeEntry) -> bool {
    let three = || vec![entry(new.related_job), new.clone(), entry(new.related_job)];
    let written = ledger.time_entries.record_batch(batch(BatchMode::Atomic, three())).await;
    if unless_refused!(written, RecordBatchError::Refused(refusals) if refusals.len() == 3).is_none() {
        return false;
    }
    let entries = (0..3).map(|_| entry(new.related_job)).collect();
    let outcome = ledger.time_entries.record_batch(batch(BatchMode::PerItem, entries)).await.unwrap().outcome;
    let stored = outcome.iter().flatten().count();
    assert!([0, 3].contains(&stored), "one moment decides over a batch: {outcome:?}");
    stored == 3
}
