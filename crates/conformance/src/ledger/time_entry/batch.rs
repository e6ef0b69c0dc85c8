//! Recording many entries at once.

use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::ledger::ports::time_entry::{
    BatchMode, BatchOutcome, ListTimeEntries, NewTimeEntry, RecordBatch, RecordBatchError, RecordRefusal,
};

use crate::Ledger;
use crate::given::{at, batch, create_job, entry, entry_id, job_id, minutes};

const MODES: [BatchMode; 2] = [BatchMode::Atomic, BatchMode::PerItem];

/// One outcome per entry, in order, each with the stored entry.
pub async fn a_batch_answers_in_the_order_given_and_counts_every_entry(ledger: Ledger) {
    for mode in MODES {
        let (one, two) = (ledger.open_job().await.id, ledger.open_job().await.id);
        let mut entries = Vec::new();
        for (job, count) in [(one, 10), (two, 20), (one, 30), (two, 40), (one, 50)] {
            entries.push(NewTimeEntry { minutes_worked: minutes(count), ..entry(job) });
        }
        // Ids that do not ascend: an adapter that sorts must restore the order of the outcomes.
        entries.reverse();
        let outcome = store(&ledger, batch(mode, entries.clone())).await;
        let expected: BatchOutcome = entries.into_iter().map(|entry| Ok(entry.stored(at(1)))).collect();
        assert_eq!(outcome, expected, "{mode:?}");
        for stored in expected.into_iter().map(Result::unwrap) {
            assert_eq!(ledger.entry(stored.id).await, Some(stored));
        }
        assert_eq!((ledger.total(one).await, ledger.total(two).await), (90, 60), "{mode:?}");
    }
}

/// Each job gets the next version, however many of the entries belong to it.
pub async fn a_batch_is_one_change_of_each_job_it_touches(ledger: Ledger) {
    for mode in MODES {
        let (touched, other) = (ledger.open_job().await, ledger.open_job().await);
        let entries = (0..3).map(|_| entry(touched.id)).collect();
        store(&ledger, RecordBatch { at: at(4), ..batch(mode, entries) }).await;
        let present = ledger.job(touched.id).await;
        assert_eq!((present.version, present.updated_at), (touched.version.next(), at(4)), "{mode:?}");
        assert_eq!(ledger.job(other.id).await, other);
    }
}

/// There is no outcome, and no error.
pub async fn an_empty_batch_stores_nothing(ledger: Ledger) {
    let job = ledger.open_job().await;
    for mode in MODES {
        assert_eq!(store(&ledger, batch(mode, vec![])).await, []);
    }
    assert_eq!(ledger.job(job.id).await, job);
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, []);
}

/// A refusal of one entry neither keeps another from being stored nor hides that it was.
pub async fn a_per_item_batch_stores_all_valid_entries_and_answers_them_as_stored(ledger: Ledger) {
    let (open, archived, unknown) = (ledger.open_job().await.id, ledger.open_job().await.id, job_id());
    ledger.archive(archived).await;
    let taken = ledger.record(entry(open)).await;
    let (mut entries, mut expected) = (Vec::new(), Vec::new());
    for place in 0..20 {
        let (new, refusal) = match place % 5 {
            1 => (entry(unknown), Some(RecordRefusal::JobNotFound(unknown))),
            2 => (entry(archived), Some(RecordRefusal::JobArchived(archived))),
            3 => {
                let twin = NewTimeEntry { id: taken.id, minutes_worked: minutes(99), ..entry(open) };
                (twin, Some(RecordRefusal::IdTaken(taken.id)))
            }
            _ => (entry(open), None),
        };
        expected.push(refusal.map_or_else(|| Ok(new.clone().stored(at(1))), Err));
        entries.push(new);
    }
    let outcome = store(&ledger, batch(BatchMode::PerItem, entries)).await;
    assert_eq!(outcome, expected);
    for stored in outcome.iter().flatten() {
        assert_eq!(ledger.entry(stored.id).await.as_ref(), Some(stored));
    }
    assert_eq!(ledger.all_entries(ListTimeEntries::default()).await.len(), 1 + 8);
    assert_eq!(ledger.total(open).await, 30 * 9);
    ledger.assert_totals_are_sums().await;
}

/// No entry, total or version changes, neither for the job of the refused entry nor for the others.
pub async fn an_atomic_batch_with_one_refusal_leaves_no_trace(ledger: Ledger) {
    let (open, archived, unknown) = (ledger.open_job().await.id, ledger.open_job().await.id, job_id());
    ledger.archive(archived).await;
    let taken = ledger.record(entry(open)).await;
    let before = (ledger.job(open).await, ledger.job(archived).await);
    let twin = NewTimeEntry { id: taken.id, minutes_worked: minutes(99), ..entry(open) };
    for bad in [entry(unknown), entry(archived), twin] {
        for place in [0, 2] {
            let mut entries = vec![entry(open), entry(open)];
            entries.insert(place, bad.clone());
            let refused = ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await;
            let Err(RecordBatchError::Refused(refusals)) = refused else { panic!("{refused:?}") };
            assert_eq!(refusals.iter().map(|(place, _)| *place).collect::<Vec<_>>(), [place]);
            assert_eq!((ledger.job(open).await, ledger.job(archived).await), before);
            assert_eq!(ledger.all_entries(ListTimeEntries::default()).await, std::slice::from_ref(&taken));
        }
    }
    ledger.assert_totals_are_sums().await;
}

/// All refusals, ascending, each with its own reason, so that a caller can correct them all at once.
pub async fn an_atomic_batch_names_every_refusal_by_its_place(ledger: Ledger) {
    let (open, archived, unknown) = (ledger.open_job().await.id, ledger.open_job().await.id, job_id());
    ledger.archive(archived).await;
    let taken = ledger.record(entry(open)).await.id;
    let entries = vec![
        entry(archived),
        entry(open),
        entry(unknown),
        NewTimeEntry { id: taken, ..entry(unknown) },
        entry(open),
        entry(archived),
    ];
    let refused = ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries)).await;
    let Err(RecordBatchError::Refused(refusals)) = refused else { panic!("{refused:?}") };
    let expected = [
        (0, RecordRefusal::JobArchived(archived)),
        (2, RecordRefusal::JobNotFound(unknown)),
        (3, RecordRefusal::IdTaken(taken)),
        (5, RecordRefusal::JobArchived(archived)),
    ];
    assert_eq!(refusals, expected);
}

/// A repeat after a lost answer, also of a part of the batch and beside new entries.
pub async fn a_batch_sent_twice_counts_once(ledger: Ledger) {
    for mode in MODES {
        let job = ledger.open_job().await.id;
        let mut entries = vec![entry(job), entry(job), entry(job)];
        let first = store(&ledger, batch(mode, entries.clone())).await;
        let counted = ledger.job(job).await;
        assert_eq!(store(&ledger, RecordBatch { at: at(5), ..batch(mode, entries.clone()) }).await, first);
        assert_eq!(ledger.job(job).await, counted, "{mode:?}");
        entries.push(entry(job));
        assert_eq!(store(&ledger, batch(mode, entries)).await[..3], first[..]);
        assert_eq!(ledger.total(job).await, 120, "{mode:?}");
    }
}

/// Both outcomes are that entry.
pub async fn equal_entries_in_a_batch_are_one_entry(ledger: Ledger) {
    for mode in MODES {
        let job = ledger.open_job().await.id;
        let new = entry(job);
        let outcome = store(&ledger, batch(mode, vec![new.clone(), entry(job), new.clone()])).await;
        assert_eq!(outcome[0], Ok(new.stored(at(1))), "{mode:?}");
        assert_eq!(outcome[2], outcome[0], "{mode:?}");
        assert_eq!(ledger.total(job).await, 60, "{mode:?}");
    }
    ledger.assert_totals_are_sums().await;
}

/// As if they had come one after the other.
pub async fn the_later_of_two_different_entries_with_one_id_is_refused(ledger: Ledger) {
    let (one, two) = (ledger.open_job().await.id, ledger.open_job().await.id);
    let id = entry_id();
    let entries = vec![NewTimeEntry { id, ..entry(one) }, NewTimeEntry { id, ..entry(two) }];
    let taken = RecordRefusal::IdTaken(id);

    let refused = ledger.time_entries.record_batch(batch(BatchMode::Atomic, entries.clone())).await;
    assert!(matches!(refused, Err(RecordBatchError::Refused(ref all)) if *all == [(1, taken)]), "{refused:?}");
    assert_eq!(ledger.entry(id).await, None);

    let outcome = store(&ledger, batch(BatchMode::PerItem, entries.clone())).await;
    assert_eq!(outcome, [Ok(entries[0].clone().stored(at(1))), Err(taken)]);
    assert_eq!((ledger.total(one).await, ledger.total(two).await), (30, 0));
}

/// The `updated_at` of its jobs does not go back.
pub async fn a_batch_that_waited_sets_no_moment_back(ledger: Ledger) {
    for mode in MODES {
        let before = ledger.create(CreateJob { at: at(9), ..create_job() }).await;
        store(&ledger, batch(mode, vec![entry(before.id)])).await;
        let after = ledger.job(before.id).await;
        assert_eq!((after.version, after.updated_at), (before.version.next(), at(9)), "{mode:?}");
    }
}

/// The most entries that HTTP allows.
pub async fn a_batch_of_a_thousand_entries_is_stored(ledger: Ledger) {
    let jobs = [ledger.open_job().await.id, ledger.open_job().await.id];
    let entries: Vec<_> = (0..1000).map(|place| entry(jobs[place % 2])).collect();
    let outcome = store(&ledger, batch(BatchMode::Atomic, entries.clone())).await;
    let ids: Vec<_> = outcome.into_iter().map(|entry| entry.unwrap().id).collect();
    assert_eq!(ids, entries.iter().map(|entry| entry.id).collect::<Vec<_>>());
    assert_eq!((ledger.total(jobs[0]).await, ledger.total(jobs[1]).await), (15_000, 15_000));
    assert_eq!(ledger.totals.audit().await.unwrap().time_entries, 1000);
}

async fn store(ledger: &Ledger, command: RecordBatch) -> BatchOutcome {
    ledger.time_entries.record_batch(command).await.unwrap().outcome
}
