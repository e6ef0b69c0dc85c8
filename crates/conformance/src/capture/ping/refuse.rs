//! Pings that do not count.

use stint_domain::capture::ports::ping::LogPings;
use stint_domain::capture::{Ping, PingOutcome, PingRefusal};
use stint_domain::ledger::ports::time_entry::{TimeEntryChanges, UpdateTimeEntry};

use super::{Capture, derived, expected, minute, rule, signal, worked};
use crate::given::{date, delete_entry, delete_job_with_entries, entry, job_id, minutes, set_minutes, update_entry};

const fn ignored(refusal: PingRefusal) -> PingOutcome {
    PingOutcome::Ignored(refusal)
}

/// Signals, too: those that come while a job is archived do not count when it is opened again.
pub async fn pings_for_a_job_that_is_missing_or_archived_are_ignored(capture: Capture) {
    let nowhere = capture.token(rule(job_id())).await;
    let pings = [signal(&nowhere, 0), worked(&nowhere, 0, 5)];
    assert_eq!(capture.log(&pings).await, vec![ignored(PingRefusal::JobNotFound); 2]);

    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    capture.ledger.archive(job).await;
    let pings = [signal(&token, 20), worked(&token, 0, 5)];
    assert_eq!(capture.log(&pings).await, vec![ignored(PingRefusal::JobArchived); 2]);
    capture.ledger.jobs.update(crate::given::set_status(job, stint_domain::ledger::JobStatus::Open)).await.unwrap();
    capture.log(&[signal(&token, 30)]).await;
    assert_eq!(capture.ledger.total(job).await, 10);

    capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
    assert_eq!(capture.log(&[signal(&token, 35)]).await, [ignored(PingRefusal::JobNotFound)]);
}

/// The next day belongs to capture again, with its own share of a span that began on the day before.
pub async fn a_derived_entry_that_somebody_changed_is_theirs(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 1_420), signal(&token, 1_430)]).await;
    let id = capture.only_entry(job).await.id;
    let edited = capture.ledger.time_entries.update(set_minutes(id, 90)).await.unwrap();
    let outcomes = capture.log(&[signal(&token, 1_435), signal(&token, 1_442), signal(&token, 1_450)]).await;
    let counts = PingOutcome::Logged(derived(&token, job, "2023-11-16"));
    assert_eq!(outcomes, [ignored(PingRefusal::EntryDetached), counts, counts]);
    assert_eq!(capture.ledger.entry(id).await, Some(edited));
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 90), ("2023-11-16", 10)]));
    capture.ledger.assert_totals_are_sums().await;
}

/// It is not made again.
pub async fn a_derived_entry_that_somebody_deleted_stays_deleted(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    let id = capture.only_entry(job).await.id;
    capture.ledger.time_entries.delete(delete_entry(id)).await.unwrap();
    assert_eq!(capture.log(&[signal(&token, 12)]).await, [ignored(PingRefusal::EntryDetached)]);
    assert_eq!(capture.days(job).await, []);
}

/// Whoever made the entry, and for whatever job.
pub async fn an_entry_that_has_a_pings_id_already_is_left_alone(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let stored = capture.ledger.record(entry(job)).await;
    let ping = Ping { id: stint_domain::values::PingId::new(stored.id.as_uuid()), ..worked(&token, 0, 5) };
    assert_eq!(capture.log(&[ping]).await, [ignored(PingRefusal::IdTaken)]);
    assert_eq!(capture.ledger.entry(stored.id).await, Some(stored));

    // The same holds for an entry with the id of the day's derived entry.
    let id = derived(&token, job, "2023-11-15");
    let theirs =
        capture.ledger.record(stint_domain::ledger::ports::time_entry::NewTimeEntry { id, ..entry(job) }).await;
    let outcomes = capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    assert_eq!(outcomes, vec![ignored(PingRefusal::EntryDetached); 2]);
    assert_eq!(capture.ledger.entry(id).await, Some(theirs));
}

/// In one call with valid, refused and repeated pings.
pub async fn one_pings_refusal_does_not_fail_another(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (closed, late) = capture.job_and_token().await;
    capture.ledger.archive(closed).await;
    let nowhere = capture.token(rule(job_id())).await;
    let known = worked(&token, 0, 1);
    capture.log_one(&known).await;
    let valid = worked(&token, 1, 2);
    let pings = [worked(&late, 0, 5), known.clone(), signal(&nowhere, 0), valid.clone(), signal(&token, 0)];
    let outcomes = capture.pings.log(LogPings { pings: pings.to_vec(), at: minute(10_000) }).await.unwrap();
    let expected = [
        ignored(PingRefusal::JobArchived),
        PingOutcome::Logged(known.id.into()),
        ignored(PingRefusal::JobNotFound),
        PingOutcome::Logged(valid.id.into()),
        PingOutcome::Logged(derived(&token, job, "2023-11-15")),
    ];
    assert_eq!(outcomes, expected);
    assert_eq!(capture.ledger.entry(valid.id.into()).await.unwrap().minutes_worked, minutes(2));
    assert_eq!(capture.ledger.total(job).await, 3);
}

/// Also when this happens before the day has a whole minute, and is undone later: by then a part of its time is
/// missing.
pub async fn a_day_that_was_detached_stays_so(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 1_430)]).await;
    let id = derived(&token, job, "2023-11-15");
    capture.ledger.record(stint_domain::ledger::ports::time_entry::NewTimeEntry { id, ..entry(job) }).await;
    let next = signal(&token, 1_442);
    capture.log_one(&next).await;
    capture.ledger.time_entries.delete(delete_entry(id)).await.unwrap();
    assert_eq!(capture.log(&[signal(&token, 1_435)]).await, [ignored(PingRefusal::EntryDetached)]);
    capture.retract(next.id).await.unwrap();
    assert_eq!(capture.days(job).await, []);
    assert_eq!(capture.ledger.total(job).await, 0);
}

/// As after any other change.
pub async fn a_derived_entry_that_somebody_moved_is_theirs(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let other = capture.ledger.open_job().await.id;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    let id = capture.only_entry(job).await.id;
    capture.ledger.time_entries.update(crate::given::move_to(id, other)).await.unwrap();
    assert_eq!(capture.log(&[signal(&token, 12)]).await, [ignored(PingRefusal::EntryDetached)]);
    assert_eq!((capture.ledger.total(job).await, capture.ledger.total(other).await), (0, 10));
}

/// Its first day is closed; the day that the entry was moved to is not.
pub async fn a_derived_entry_that_got_another_date_is_theirs(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    let id = capture.only_entry(job).await.id;
    let changes = TimeEntryChanges { date_stamp: Some(date("2023-11-16")), ..TimeEntryChanges::default() };
    capture.ledger.time_entries.update(UpdateTimeEntry { changes, ..update_entry(id) }).await.unwrap();
    assert_eq!(capture.log(&[signal(&token, 12)]).await, [ignored(PingRefusal::EntryDetached)]);
    assert_eq!(capture.days(job).await, expected(&[("2023-11-16", 10)]));
    capture.log(&[signal(&token, 1_450), signal(&token, 1_457)]).await;
    assert_eq!(capture.ledger.total(job).await, 17);
    assert_eq!(capture.ledger.entry(derived(&token, job, "2023-11-16")).await.unwrap().minutes_worked, minutes(7));
}
