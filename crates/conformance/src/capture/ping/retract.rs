//! Taking pings back.

use stint_domain::capture::PingOutcome;
use stint_domain::capture::ports::ping::RetractPingError;
use stint_domain::ledger::ports::time_entry::NewTimeEntry;
use stint_domain::values::PingId;

use super::{Capture, derived, expected, signal, telling, worked};
use crate::given::{date, delete_entry, delete_job_with_entries, entry, fresh, move_to, set_minutes, summary};

/// The total loses its minutes.
pub async fn an_entry_of_its_own_goes_with_its_ping(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (kept, undone) = (worked(&token, 0, 30), worked(&token, 0, 12));
    capture.log(&[kept.clone(), undone.clone()]).await;
    capture.retract(undone.id).await.unwrap();
    assert_eq!(capture.ledger.entry(undone.id.into()).await, None);
    assert_eq!(capture.ledger.total(job).await, 30);
    assert_eq!(capture.pings.find(undone.id).await.unwrap().unwrap().outcome, PingOutcome::Retracted);
    // Its entry was deleted by hand before.
    capture.ledger.time_entries.delete(delete_entry(kept.id.into())).await.unwrap();
    capture.retract(kept.id).await.unwrap();
    capture.ledger.assert_totals_are_sums().await;
}

/// At an end and in the middle, with the summary, and across midnight.
pub async fn taking_a_signal_back_leaves_what_the_others_prove(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let first = telling(&token, 1_430, "first");
    let (middle, last) = (telling(&token, 1_436, "middle"), signal(&token, 1_444));
    let far = signal(&token, 1_458);
    capture.log(&[first.clone(), middle.clone(), last.clone(), far.clone()]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 10), ("2023-11-16", 18)]));
    // The others are 14 minutes apart.
    capture.retract(middle.id).await.unwrap();
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 10), ("2023-11-16", 18)]));
    let id = derived(&token, job, "2023-11-15");
    assert_eq!(capture.ledger.entry(id).await.unwrap().work_summary, summary("first"));
    // Now 28 minutes.
    capture.retract(last.id).await.unwrap();
    assert_eq!(capture.days(job).await, []);
    assert_eq!(capture.ledger.total(job).await, 0);
    capture.log(&[signal(&token, 1_433)]).await;
    assert_eq!(capture.days(job).await, expected(&[("2023-11-15", 3)]));
    capture.ledger.assert_totals_are_sums().await;
}

/// A repeat gets the same answer.
pub async fn taking_a_ping_back_again_changes_nothing(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let pings = [0, 10, 20].map(|minute| signal(&token, minute));
    capture.log(&pings).await;
    for _ in 0..2 {
        capture.retract(pings[2].id).await.unwrap();
        assert_eq!(capture.ledger.total(job).await, 10);
    }
}

/// An archived job accepts no changes, and this would be one. A ping that never counted can be taken back all the
/// same.
pub async fn a_ping_of_an_archived_job_is_not_taken_back(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (entry, pings) = (worked(&token, 0, 30), [0, 10].map(|minute| signal(&token, minute)));
    capture.log(&[entry.clone(), pings[0].clone(), pings[1].clone()]).await;
    capture.ledger.archive(job).await;
    let late = signal(&token, 20);
    capture.log_one(&late).await;
    for id in [entry.id, pings[0].id] {
        let refused = capture.retract(id).await;
        assert!(matches!(refused, Err(RetractPingError::JobArchived(of)) if of == job), "{refused:?}");
    }
    capture.retract(late.id).await.unwrap();
    assert_eq!(capture.ledger.total(job).await, 40);
}

/// Its own entry, or the derived one of its day.
pub async fn a_ping_whose_entry_somebody_changed_is_not_taken_back(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let (entry, pings) = (worked(&token, 0, 30), [0, 10].map(|minute| signal(&token, minute)));
    capture.log(&[entry.clone(), pings[0].clone(), pings[1].clone()]).await;
    let of_day = derived(&token, job, "2023-11-15");
    for id in [entry.id.into(), of_day] {
        capture.ledger.time_entries.update(set_minutes(id, 100)).await.unwrap();
    }
    for (id, of) in [(entry.id, entry.id.into()), (pings[1].id, of_day)] {
        let refused = capture.retract(id).await;
        assert!(matches!(refused, Err(RetractPingError::EntryDetached(id)) if id == of), "{refused:?}");
    }
    assert_eq!(capture.ledger.total(job).await, 200);
}

/// The refusal names the id.
pub async fn an_unknown_ping_is_not_taken_back(capture: Capture) {
    let unknown = PingId::new(fresh());
    let refused = capture.retract(unknown).await;
    assert!(matches!(refused, Err(RetractPingError::NotFound(id)) if id == unknown), "{refused:?}");
}

/// A queue may hand it out again.
pub async fn a_ping_that_was_taken_back_does_not_come_again(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let pings = [worked(&token, 0, 30), signal(&token, 0), signal(&token, 10)];
    capture.log(&pings).await;
    for ping in &pings {
        capture.retract(ping.id).await.unwrap();
    }
    assert_eq!(capture.log(&pings).await, vec![PingOutcome::Retracted; 3]);
    assert_eq!(capture.ledger.total(job).await, 0);
}

/// Somebody deleted the first entry and made another one with the same id and values.
pub async fn an_entry_that_somebody_made_in_its_place_is_theirs(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let ping = worked(&token, 0, 30);
    capture.log_one(&ping).await;
    capture.ledger.time_entries.delete(delete_entry(ping.id.into())).await.unwrap();
    let theirs = NewTimeEntry { id: ping.id.into(), date_stamp: date("2023-11-15"), ..entry(job) };
    capture.ledger.record(theirs).await;
    let refused = capture.retract(ping.id).await;
    assert!(matches!(refused, Err(RetractPingError::EntryDetached(_))), "{refused:?}");
    assert_eq!(capture.ledger.total(job).await, 30);
}

/// With its job, unless the entry was moved to another job before. A ping that never had a job can be taken back,
/// too.
pub async fn a_ping_whose_entry_is_gone_can_be_taken_back(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let other = capture.ledger.open_job().await.id;
    let (moved, gone, signals) = (worked(&token, 0, 30), worked(&token, 0, 5), [0, 9].map(|at| signal(&token, at)));
    capture.log(&[moved.clone(), gone.clone(), signals[0].clone(), signals[1].clone()]).await;
    capture.ledger.time_entries.update(move_to(moved.id.into(), other)).await.unwrap();
    capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
    let late = signal(&token, 12);
    capture.log_one(&late).await;
    for id in [gone.id, signals[0].id, late.id] {
        capture.retract(id).await.unwrap();
        assert_eq!(capture.pings.find(id).await.unwrap().unwrap().outcome, PingOutcome::Retracted);
    }
    let refused = capture.retract(moved.id).await;
    assert!(matches!(refused, Err(RetractPingError::EntryDetached(_))), "{refused:?}");
    assert_eq!(capture.ledger.total(other).await, 30);
}
