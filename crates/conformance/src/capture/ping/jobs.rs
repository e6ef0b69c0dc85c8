//! One token's pings for several jobs: the time between two neighbours is the earlier one's.

use stint_domain::access::Token;
use stint_domain::capture::ports::ping::{ListCaptured, RetractPingError};
use stint_domain::capture::{CaptureRule, Ping, PingOutcome, PingRefusal, PingTarget};
use stint_domain::ledger::JobStatus;
use stint_domain::values::JobId;

use super::{Capture, derived, expected, minute, rule, signal, telling, worked};
use crate::given::{date, delete_job_with_entries, set_minutes, set_status, summary};

const DAY: &str = "2023-11-15";

/// Two open jobs, and one token for both.
async fn two_jobs(capture: &Capture) -> (JobId, JobId, Token) {
    let (first, token) = capture.job_and_token().await;
    (first, capture.ledger.open_job().await.id, token)
}

/// The token's ping for that job instead.
fn of(job: JobId, ping: Ping) -> Ping {
    Ping { target: PingTarget::Job(job), ..ping }
}

async fn totals(capture: &Capture, jobs: [JobId; 2]) -> (u64, u64) {
    capture.ledger.assert_totals_are_sums().await;
    (capture.ledger.total(jobs[0]).await, capture.ledger.total(jobs[1]).await)
}

fn ignored(refusal: PingRefusal) -> Vec<PingOutcome> {
    vec![PingOutcome::Ignored(refusal)]
}

/// Every other one for another job: two hours are two hours.
pub async fn the_time_between_two_neighbours_belongs_to_the_job_of_the_earlier_one(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let pings: Vec<_> =
        (0..31).map(|place| of(if place % 2 == 0 { first } else { second }, signal(&token, place * 4))).collect();
    let outcomes = capture.log(&pings).await;
    assert_eq!(outcomes[0], PingOutcome::Logged(derived(&token, first, DAY)));
    assert_eq!(outcomes[1], PingOutcome::Logged(derived(&token, second, DAY)));
    assert_eq!(totals(&capture, [first, second]).await, (60, 60));
    let day = ListCaptured { token: token.id, from: date(DAY), to: date(DAY) };
    let captured = capture.pings.captured(day).await.unwrap();
    assert_eq!(captured.iter().map(|time| time.micros).sum::<u64>(), 120 * 60_000_000);
}

/// Its time, and no more; the entry of a job that has no minute left is gone.
pub async fn a_ping_that_comes_late_takes_time_from_the_job_that_had_it(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    let late = of(second, signal(&token, 4));
    capture.log_one(&late).await;
    assert_eq!(totals(&capture, [first, second]).await, (4, 6));
    capture.log_one(&of(first, signal(&token, 6))).await;
    assert_eq!(totals(&capture, [first, second]).await, (8, 2));
    // Back to the one before it.
    capture.retract(late.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (10, 0));
    assert_eq!(capture.days(second).await, []);
}

/// At the same moment the id decides who is the earlier one.
pub async fn at_the_same_moment_the_time_after_it_belongs_to_the_higher_id(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let (one, other) = (signal(&token, 0), signal(&token, 0));
    let (low, high) = if one.id < other.id { (one, other) } else { (other, one) };
    capture.log(&[of(second, high), signal(&token, 10)]).await;
    capture.log_one(&of(first, low)).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 10));
    // And it takes it when it comes last.
    let (one, other) = (signal(&token, 100), signal(&token, 100));
    let (low, high) = if one.id < other.id { (one, other) } else { (other, one) };
    capture.log(&[low, signal(&token, 110)]).await;
    assert_eq!(totals(&capture, [first, second]).await, (10, 10));
    capture.log_one(&of(second, high)).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 20));
}

/// The local day's own, also when a ping of another job ends the span.
pub async fn each_jobs_share_is_cut_at_midnight(capture: Capture) {
    let first = capture.ledger.open_job().await.id;
    let second = capture.ledger.open_job().await.id;
    let token = capture.token(CaptureRule { zone: "Asia/Kolkata".parse().unwrap(), ..rule(first) }).await;
    // Midnight is at 18:30 in UTC.
    let (end, midnight) = (of(second, signal(&token, 18 * 60 + 34)), 18 * 60 + 30);
    capture.log(&[signal(&token, midnight - 8), end.clone(), signal(&token, midnight + 9)]).await;
    assert_eq!(capture.days(first).await, expected(&[(DAY, 8), ("2023-11-16", 4)]));
    assert_eq!(capture.days(second).await, expected(&[("2023-11-16", 5)]));
    capture.log_one(&of(second, signal(&token, midnight - 2))).await;
    assert_eq!(capture.days(first).await, expected(&[(DAY, 6)]));
    assert_eq!(capture.days(second).await, expected(&[(DAY, 2), ("2023-11-16", 9)]));
    capture.ledger.assert_totals_are_sums().await;
}

/// Of the latest ping for that job which has one; those of other jobs tell nothing of it.
pub async fn a_jobs_summary_is_that_of_its_own_pings(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let pings = [telling(&token, 0, "first"), of(second, telling(&token, 5, "second")), signal(&token, 10)];
    capture.log(&pings).await;
    capture.log_one(&of(second, signal(&token, 14))).await;
    assert_eq!(capture.only_entry(first).await.work_summary, summary("first"));
    assert_eq!(capture.only_entry(second).await.work_summary, summary("second"));
}

/// They are entries: whatever comes between them, they are no signals.
pub async fn pings_with_minutes_divide_no_time(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), of(second, worked(&token, 4, 30)), signal(&token, 10)]).await;
    assert_eq!(totals(&capture, [first, second]).await, (10, 30));
}

/// What is somebody's stays theirs, although the ping is for another job.
pub async fn a_ping_that_would_take_time_from_a_changed_entry_is_ignored(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let end = of(second, signal(&token, 10));
    capture.log(&[signal(&token, 0), end.clone(), of(second, signal(&token, 20))]).await;
    let id = derived(&token, first, DAY);
    capture.ledger.time_entries.update(set_minutes(id, 60)).await.unwrap();
    let outcome = capture.log_one(&of(second, signal(&token, 5))).await;
    assert_eq!(outcome, ignored(PingRefusal::EntryDetached));
    let refused = capture.retract(end.id).await;
    assert!(matches!(refused, Err(RetractPingError::EntryDetached(of)) if of == id), "{refused:?}");
    assert_eq!(totals(&capture, [first, second]).await, (60, 10));
    // Where it takes nothing, it counts.
    capture.log_one(&of(second, signal(&token, 15))).await;
    capture.log_one(&of(second, signal(&token, 25))).await;
    assert_eq!(totals(&capture, [first, second]).await, (60, 15));
}

/// The ping that ends it counts, and the entry stays as it is.
pub async fn time_for_a_changed_entry_of_another_job_is_dropped(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    capture.ledger.time_entries.update(set_minutes(derived(&token, first, DAY), 60)).await.unwrap();
    let outcomes = capture.log(&[of(second, signal(&token, 20)), of(second, signal(&token, 23))]).await;
    assert_eq!(outcomes, vec![PingOutcome::Logged(derived(&token, second, DAY)); 2]);
    assert_eq!(totals(&capture, [first, second]).await, (60, 3));
}

/// What goes back to it is dropped.
pub async fn a_retraction_that_would_only_add_to_a_changed_entry_is_carried_out(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let middle = of(second, signal(&token, 5));
    capture.log(&[signal(&token, 0), middle.clone(), of(second, signal(&token, 10))]).await;
    capture.ledger.time_entries.update(set_minutes(derived(&token, first, DAY), 60)).await.unwrap();
    capture.retract(middle.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (60, 0));
}

/// For good: it does not come back when the job is opened again. Nor does a later ping bring back what was before it.
pub async fn time_for_an_archived_job_is_dropped(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    capture.ledger.archive(first).await;
    let after = of(second, signal(&token, 20));
    let outcomes = capture.log(&[after.clone(), of(second, signal(&token, 23))]).await;
    assert_eq!(outcomes, vec![PingOutcome::Logged(derived(&token, second, DAY)); 2]);
    assert_eq!(totals(&capture, [first, second]).await, (10, 3));
    // It gives none up either.
    let between = of(second, signal(&token, 5));
    assert_eq!(capture.log_one(&between).await, ignored(PingRefusal::JobArchived));
    capture.ledger.jobs.update(set_status(first, JobStatus::Open)).await.unwrap();
    capture.log(&[signal(&token, 100), signal(&token, 105)]).await;
    assert_eq!(totals(&capture, [first, second]).await, (15, 3));
    capture.log_one(&of(second, signal(&token, 14))).await;
    assert_eq!(totals(&capture, [first, second]).await, (15, 9));
    capture.retract(after.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (15, 9));
}

/// What comes late begins anew in place of what was there; what is taken back leaves that to the next.
pub async fn time_that_was_dropped_stays_so_whatever_comes_or_goes_in_it(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let [late, early, last] = [10, 5, 15].map(|at| of(second, signal(&token, at)));
    capture.log_one(&signal(&token, 0)).await;
    capture.ledger.archive(first).await;
    capture.log_one(&late).await;
    capture.log_one(&early).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 5));
    capture.log_one(&last).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 10));
    capture.ledger.jobs.update(set_status(first, JobStatus::Open)).await.unwrap();
    capture.retract(early.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (0, 5));
    // Its own, now that it takes time again; not what was before it.
    capture.log_one(&signal(&token, 4)).await;
    assert_eq!(totals(&capture, [first, second]).await, (6, 5));
    capture.retract(late.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (11, 0));
}

/// It takes no edits.
pub async fn a_retraction_that_would_change_an_archived_jobs_time_is_refused(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let (middle, last) = (of(second, signal(&token, 10)), of(second, signal(&token, 20)));
    capture.log(&[signal(&token, 0), middle.clone(), last.clone()]).await;
    capture.ledger.archive(first).await;
    let refused = capture.retract(middle.id).await;
    assert!(matches!(refused, Err(RetractPingError::JobArchived(job)) if job == first), "{refused:?}");
    capture.retract(last.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (10, 0));
}

/// With its time: what would have been its own is nobody's, and nobody gets what it had.
pub async fn time_for_a_job_that_is_gone_is_dropped(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let (ours, theirs) = (of(second, signal(&token, 10)), of(second, signal(&token, 12)));
    capture.log(&[signal(&token, 0), ours.clone(), theirs.clone()]).await;
    capture.ledger.jobs.delete(delete_job_with_entries(first)).await.unwrap();
    assert_eq!(capture.log_one(&of(second, signal(&token, 5))).await, ignored(PingRefusal::JobNotFound));
    capture.retract(ours.id).await.unwrap();
    assert_eq!(capture.ledger.total(second).await, 0);
    capture.log_one(&of(second, signal(&token, 20))).await;
    assert_eq!(capture.ledger.total(second).await, 8);
    assert_eq!(capture.pings.find(ours.id).await.unwrap().unwrap().outcome, PingOutcome::Retracted);
    assert_eq!(capture.pings.find(theirs.id).await.unwrap().unwrap().at, minute(12));
    capture.ledger.assert_totals_are_sums().await;
}
