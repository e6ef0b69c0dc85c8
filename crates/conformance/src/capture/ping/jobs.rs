//! One token's pings for several jobs: the time between two neighbours belongs to the job of the earlier one.

use stint_domain::access::Token;
use stint_domain::capture::ports::ping::{ListCaptured, RetractPingError};
use stint_domain::capture::{CaptureRule, Ping, PingOutcome, PingRefusal, PingTarget};
use stint_domain::ledger::JobStatus;
use stint_domain::ledger::ports::job::CreateJob;
use stint_domain::values::JobId;

use super::{Capture, derived, expected, minute, rule, signal, telling, worked};
use crate::given::{at, create_job, date, delete_job_with_entries, set_minutes, set_status, summary};

const DAY: &str = "2023-11-15";

/// Two open jobs, and one token for both.
async fn two_jobs(capture: &Capture) -> (JobId, JobId, Token) {
    let (first, token) = capture.job_and_token().await;
    (first, capture.ledger.open_job().await.id, token)
}

/// The same ping for another job.
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

/// Every other ping is for another job, and two hours stay two hours.
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

/// It takes only its own time. A job with no minute left has no entry.
pub async fn a_ping_that_comes_late_takes_time_from_the_job_that_had_it(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    let late = of(second, signal(&token, 4));
    capture.log_one(&late).await;
    assert_eq!(totals(&capture, [first, second]).await, (4, 6));
    capture.log_one(&of(first, signal(&token, 6))).await;
    assert_eq!(totals(&capture, [first, second]).await, (8, 2));
    // The time goes back to the ping before it.
    capture.retract(late.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (10, 0));
    assert_eq!(capture.days(second).await, []);
}

/// Of two pings at the same moment, the one with the lower id is the earlier one.
pub async fn at_the_same_moment_the_time_after_it_belongs_to_the_higher_id(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let (one, other) = (signal(&token, 0), signal(&token, 0));
    let (low, high) = if one.id < other.id { (one, other) } else { (other, one) };
    capture.log(&[of(second, high), signal(&token, 10)]).await;
    capture.log_one(&of(first, low)).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 10));
    // The same holds when the ping with the higher id comes last.
    let (one, other) = (signal(&token, 100), signal(&token, 100));
    let (low, high) = if one.id < other.id { (one, other) } else { (other, one) };
    capture.log(&[low, signal(&token, 110)]).await;
    assert_eq!(totals(&capture, [first, second]).await, (10, 10));
    capture.log_one(&of(second, high)).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 20));
}

/// At midnight of the local day, also when a ping for another job ends the span.
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

/// It is that of the latest ping for this job that has one; pings for other jobs do not matter.
pub async fn a_jobs_summary_is_that_of_its_own_pings(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let pings = [telling(&token, 0, "first"), of(second, telling(&token, 5, "second")), signal(&token, 10)];
    capture.log(&pings).await;
    capture.log_one(&of(second, signal(&token, 14))).await;
    assert_eq!(capture.only_entry(first).await.work_summary, summary("first"));
    assert_eq!(capture.only_entry(second).await.work_summary, summary("second"));
}

/// They are entries and not part of the stream, so nothing changes when they lie between two signals.
pub async fn pings_with_minutes_divide_no_time(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), of(second, worked(&token, 4, 30)), signal(&token, 10)]).await;
    assert_eq!(totals(&capture, [first, second]).await, (10, 30));
}

/// An entry that somebody changed stays as it is, although the ping is for another job.
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
    // Where it takes no time, it counts.
    capture.log_one(&of(second, signal(&token, 15))).await;
    capture.log_one(&of(second, signal(&token, 25))).await;
    assert_eq!(totals(&capture, [first, second]).await, (60, 15));
}

/// The ping that ends the time counts, and the entry stays as it is.
pub async fn time_for_a_changed_entry_of_another_job_is_dropped(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    capture.ledger.time_entries.update(set_minutes(derived(&token, first, DAY), 60)).await.unwrap();
    let outcomes = capture.log(&[of(second, signal(&token, 20)), of(second, signal(&token, 23))]).await;
    assert_eq!(outcomes, vec![PingOutcome::Logged(derived(&token, second, DAY)); 2]);
    assert_eq!(totals(&capture, [first, second]).await, (60, 3));
}

/// The time that would go back to the entry is dropped.
pub async fn a_retraction_that_would_only_add_to_a_changed_entry_is_carried_out(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let middle = of(second, signal(&token, 5));
    capture.log(&[signal(&token, 0), middle.clone(), of(second, signal(&token, 10))]).await;
    capture.ledger.time_entries.update(set_minutes(derived(&token, first, DAY), 60)).await.unwrap();
    capture.retract(middle.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (60, 0));
}

/// It does not come back when the job is opened again, nor does a later ping bring back the time before it.
pub async fn time_for_an_archived_job_is_dropped(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    capture.log(&[signal(&token, 0), signal(&token, 10)]).await;
    capture.ledger.archive(first).await;
    let after = of(second, signal(&token, 20));
    let outcomes = capture.log(&[after.clone(), of(second, signal(&token, 23))]).await;
    assert_eq!(outcomes, vec![PingOutcome::Logged(derived(&token, second, DAY)); 2]);
    assert_eq!(totals(&capture, [first, second]).await, (10, 3));
    // The job gives up no time either.
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

/// A ping that comes late starts its own time within the dropped time. A ping that is taken back leaves its mark to
/// the next one.
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
    // The job is open again and gets the time after this ping, but not the time before it.
    capture.log_one(&signal(&token, 4)).await;
    assert_eq!(totals(&capture, [first, second]).await, (6, 5));
    capture.retract(late.id).await.unwrap();
    assert_eq!(totals(&capture, [first, second]).await, (11, 0));
}

/// An archived job accepts no changes.
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

/// The job's time is gone with it: what it would have had belongs to no job, and no other job gets what it had.
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

/// The job had less than a minute when it was deleted, so it had no entry that tells of the end.
pub async fn time_that_was_dropped_does_not_come_back_with_its_job(capture: Capture) {
    let (first, second, token) = two_jobs(&capture).await;
    let between = of(second, Ping { at: at(6_430), ..signal(&token, 0) });
    capture.log(&[signal(&token, 0), between.clone(), signal(&token, 10)]).await;
    capture.ledger.jobs.delete(delete_job_with_entries(first)).await.unwrap();
    capture.retract(between.id).await.unwrap();
    capture.ledger.create(CreateJob { id: first, ..create_job() }).await;
    // This ping adds no time of its own.
    capture.log_one(&signal(&token, 10)).await;
    assert_eq!(totals(&capture, [first, second]).await, (0, 0));
}
