//! Pings that mean the last project that their token named.

use stint_domain::access::Token;
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping, PingOutcome, PingProject, PingRefusal, PingTarget};
use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::values::{JobId, Zone};

use super::{Capture, rule, signal, worked};
use crate::given::{job_id, name};

async fn token(capture: &Capture) -> Token {
    let target = CaptureTarget::Projects { create: true };
    capture.token(CaptureRule { target, zone: Zone::UTC, gap: Gap::default() }).await
}

fn with(project: PingProject, create: bool, ping: impl Fn(&Token) -> Ping, token: &Token) -> Ping {
    let of_job = Token { capture: Some(rule(job_id())), ..token.clone() };
    Ping { target: PingTarget::Project { project, create }, ..ping(&of_job) }
}

fn named(token: &Token, at: i64, project: &str) -> Ping {
    with(PingProject::Named(name(project)), true, |token| signal(token, at), token)
}

fn unnamed(token: &Token, at: i64, last: bool) -> Ping {
    with(PingProject::Unnamed { last, fallback: name("Unknown Project") }, true, |token| signal(token, at), token)
}

async fn project(capture: &Capture, ping: &Ping) -> Option<String> {
    let job: JobId = capture.pings.find(ping.id).await.unwrap().unwrap().related_job?;
    Some(capture.ledger.job(job).await.name.as_str().to_owned())
}

/// By the pings' time, not by their arrival, and only of the same token. Pings that named no project are skipped.
pub async fn a_ping_without_a_project_has_the_last_one_that_its_token_named(capture: Capture) {
    let (mine, other) = (token(&capture).await, token(&capture).await);
    capture.log(&[named(&mine, 30, "late"), named(&mine, 10, "early"), named(&other, 18, "theirs")]).await;
    let pings = [20, 40, 5].map(|at| unnamed(&mine, at, true));
    for ping in &pings {
        capture.log_one(ping).await;
    }
    let projects = [project(&capture, &pings[0]).await, project(&capture, &pings[1]).await];
    assert_eq!(projects, [Some("early".to_owned()), Some("late".to_owned())]);
    assert_eq!(project(&capture, &pings[2]).await.as_deref(), Some("Unknown Project"));
    let (none, after) = (unnamed(&mine, 50, false), unnamed(&mine, 55, true));
    capture.log(&[after.clone(), none.clone()]).await;
    assert_eq!(project(&capture, &none).await.as_deref(), Some("Unknown Project"));
    assert_eq!(project(&capture, &after).await.as_deref(), Some("late"));
    let names: Vec<_> = capture.ledger.all_jobs(ListJobs::default()).await.into_iter().map(|job| job.name).collect();
    assert_eq!(names.len(), 4, "{names:?}");
}

/// In whatever order they stand in the call.
pub async fn pings_that_are_logged_together_tell_each_other_the_project(capture: Capture) {
    let token = token(&capture).await;
    let last = [unnamed(&token, 25, true), unnamed(&token, 5, true), unnamed(&token, 15, true)];
    let [late, early, middle] = last.clone();
    capture.log(&[late, named(&token, 20, "second"), early, named(&token, 10, "first"), middle]).await;
    for (ping, expected) in last.iter().zip(["second", "Unknown Project", "first"]) {
        assert_eq!(project(&capture, ping).await.as_deref(), Some(expected));
    }
    capture.ledger.assert_totals_are_sums().await;
}

/// The ping keeps its job, and so does its time.
pub async fn what_comes_later_changes_no_last_project(capture: Capture) {
    let token = token(&capture).await;
    let (first, last) = (named(&token, 0, "first"), unnamed(&token, 10, true));
    capture.log(&[first.clone(), last.clone()]).await;
    capture.log(&[named(&token, 5, "second"), last.clone()]).await;
    assert_eq!(project(&capture, &last).await.as_deref(), Some("first"));
    capture.retract(first.id).await.unwrap();
    assert_eq!(project(&capture, &last).await.as_deref(), Some("first"));
    // Now a ping that counts lies between them.
    let next = unnamed(&token, 12, true);
    capture.log_one(&next).await;
    assert_eq!(project(&capture, &next).await.as_deref(), Some("second"));
}

/// A ping that was taken back or ignored named no project; a ping with minutes did.
pub async fn pings_that_do_not_count_name_no_last_project(capture: Capture) {
    let token = token(&capture).await;
    let undone = named(&token, 10, "undone");
    let minutes = with(PingProject::Named(name("minutes")), true, |token| worked(token, 0, 5), &token);
    let refused = with(PingProject::Named(name("refused")), false, |token| signal(token, 11), &token);
    let outcomes = capture.log(&[undone.clone(), minutes, refused]).await;
    assert_eq!(outcomes[2], PingOutcome::Ignored(PingRefusal::ProjectUnknown));
    capture.retract(undone.id).await.unwrap();
    let last = unnamed(&token, 12, true);
    capture.log_one(&last).await;
    assert_eq!(project(&capture, &last).await.as_deref(), Some("minutes"));
    // The same holds for a ping that is logged in the same call.
    let closed = named(&token, 1, "closed");
    capture.log_one(&closed).await;
    let job = capture.pings.find(closed.id).await.unwrap().unwrap().related_job.unwrap();
    capture.retract(closed.id).await.unwrap();
    capture.ledger.archive(job).await;
    let refused = with(PingProject::Named(name("refused")), false, |token| signal(token, 14), &token);
    let last = unnamed(&token, 15, true);
    let outcomes = capture.log(&[named(&token, 13, "closed"), refused, last.clone()]).await;
    assert_eq!(outcomes[0], PingOutcome::Ignored(PingRefusal::JobArchived));
    assert_eq!(outcomes[1], PingOutcome::Ignored(PingRefusal::ProjectUnknown));
    assert_eq!(project(&capture, &last).await.as_deref(), Some("minutes"));
}
