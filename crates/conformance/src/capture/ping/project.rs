//! Pings that name a project instead of a job.

use stint_domain::access::Token;
use stint_domain::capture::ports::ping::LogPings;
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping, PingOutcome, PingProject, PingRefusal, PingTarget};
use stint_domain::ledger::ports::job::{CreateJob, ListJobs};
use stint_domain::ledger::{JobName, JobStatus};
use stint_domain::values::{JobId, Subject, Zone};

use super::{Capture, minute, rule, signal, worked};
use crate::given::{create_job, delete_job_with_entries, job_id, name, rename, subject};
use crate::ledger::concurrency::together;

/// A ping of the token with 5 minutes for the project.
fn ping(token: &Token, project: &str, create: bool) -> Ping {
    let of_job = Token { capture: Some(rule(job_id())), ..token.clone() };
    let project = PingProject::Named(name(project));
    Ping { target: PingTarget::Project { project, create }, ..worked(&of_job, 0, 5) }
}

async fn token(capture: &Capture, create: bool) -> Token {
    let target = CaptureTarget::Projects { create };
    capture.token(CaptureRule { target, zone: Zone::UTC, gap: Gap::default() }).await
}

/// The job that the ping counts for.
async fn job_of(capture: &Capture, ping: &Ping) -> Option<JobId> {
    capture.pings.find(ping.id).await.unwrap().unwrap().related_job
}

/// It gets the oldest one; archived jobs are skipped.
pub async fn a_project_stands_for_the_open_job_of_its_name(capture: Capture) {
    let archived = CreateJob { name: name("stint"), status: JobStatus::Archived, ..create_job() };
    capture.ledger.create(archived).await;
    let oldest = capture.ledger.create(CreateJob { name: name("stint"), ..create_job() }).await.id;
    capture.ledger.create(CreateJob { name: name("stint"), at: crate::given::at(9), ..create_job() }).await;
    let token = token(&capture, false).await;
    let (known, unknown) = (ping(&token, "stint", false), ping(&token, "Stint", false));
    let outcomes = capture.log(&[known.clone(), unknown.clone()]).await;
    assert_eq!(outcomes, [PingOutcome::Logged(known.id.into()), PingOutcome::Ignored(PingRefusal::ProjectUnknown)]);
    assert_eq!(job_of(&capture, &known).await, Some(oldest));
    assert_eq!(job_of(&capture, &unknown).await, None);
    assert_eq!(capture.ledger.total(oldest).await, 5);
}

/// It gets one job, however many pings name it, in one call or in two. Another subject's project with this name gets
/// the same job.
pub async fn a_project_that_stands_for_none_gets_a_job_if_the_token_may_create_one(capture: Capture) {
    let token = token(&capture, true).await;
    let pings = [ping(&token, "new", true), ping(&token, "other", true), ping(&token, "new", true)];
    capture.log(&pings).await;
    let again = ping(&token, "new", true);
    capture.log_one(&again).await;
    let job = job_of(&capture, &pings[0]).await.unwrap();
    assert_eq!(job_of(&capture, &again).await, Some(job));
    let job = capture.ledger.job(job).await;
    assert_eq!((job.name, job.total_minutes.get()), (name("new"), 15));
    assert_eq!(capture.ledger.all_jobs(ListJobs::default()).await.len(), 2);

    let theirs: Subject = subject("grace");
    let of_other = Ping { subject: theirs, ..ping(&token, "new", true) };
    capture.log_one(&of_other).await;
    assert_eq!(job_of(&capture, &of_other).await, Some(job.id));
    capture.ledger.assert_totals_are_sums().await;
}

/// The job is found by the project, not by its name.
pub async fn a_project_keeps_its_job_whatever_that_is_called_later(capture: Capture) {
    let token = token(&capture, true).await;
    let first = ping(&token, "new", true);
    capture.log_one(&first).await;
    let job = job_of(&capture, &first).await.unwrap();
    capture.ledger.jobs.update(rename(job, "Research")).await.unwrap();
    let second = ping(&token, "new", true);
    capture.log_one(&second).await;
    assert_eq!(job_of(&capture, &second).await, Some(job));

    capture.ledger.archive(job).await;
    let third = ping(&token, "new", true);
    assert_eq!(capture.log(&[third]).await, [PingOutcome::Ignored(PingRefusal::JobArchived)]);
}

/// Earlier releases stored names as they came in. The project finds its own job, and otherwise the job with its name.
pub async fn a_project_that_is_composed_stands_for_the_job_of_one_stored_in_parts(capture: Capture) {
    let apart = JobName::stored("Bu\u{308}ro").unwrap();
    let (one, other) = (token(&capture, true).await, token(&capture, true).await);
    let stored = PingTarget::Project { project: PingProject::Named(apart.clone()), create: true };
    let first = Ping { target: stored, ..ping(&one, "any", true) };
    capture.log(std::slice::from_ref(&first)).await;
    let job = job_of(&capture, &first).await;
    let composed = ping(&one, "B\u{fc}ro", true);
    capture.log(std::slice::from_ref(&composed)).await;
    assert!(job.is_some() && job_of(&capture, &composed).await == job, "its own");
    let of_other = Ping { subject: subject("grace"), ..ping(&other, "B\u{fc}ro", true) };
    capture.log(std::slice::from_ref(&of_other)).await;
    assert_eq!(job_of(&capture, &of_other).await, job, "the one of its name");
}

/// If the token may create one.
pub async fn a_project_whose_job_is_gone_gets_another(capture: Capture) {
    let token = token(&capture, true).await;
    let first = ping(&token, "new", true);
    capture.log_one(&first).await;
    let job = job_of(&capture, &first).await.unwrap();
    capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
    let outcomes = capture.log(&[ping(&token, "new", false)]).await;
    assert_eq!(outcomes, [PingOutcome::Ignored(PingRefusal::ProjectUnknown)]);
    let second = ping(&token, "new", true);
    capture.log_one(&second).await;
    let another = job_of(&capture, &second).await.unwrap();
    assert_ne!(another, job);
    assert_eq!(capture.ledger.total(another).await, 5);
    assert_eq!(signal(&Token { capture: Some(rule(another)), ..token }, 0).target, PingTarget::Job(another));
}

/// A client may also send the same id for another project by mistake.
pub async fn a_ping_that_is_known_makes_no_job_again(capture: Capture) {
    let token = token(&capture, true).await;
    let first = ping(&token, "new", true);
    let outcomes = capture.log_one(&first).await;
    let job = job_of(&capture, &first).await.unwrap();
    capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
    let other = Ping { id: first.id, ..ping(&token, "other", true) };
    assert_eq!(capture.log(&[first, other]).await, [outcomes[0], outcomes[0]]);
    assert_eq!(capture.ledger.all_jobs(ListJobs::default()).await, []);
}

/// In one call or in two, the result is the same.
pub async fn a_ping_that_may_not_create_a_job_does_not_get_that_of_a_later_one(capture: Capture) {
    let token = token(&capture, true).await;
    let [early, creating, late] = [false, true, false].map(|create| ping(&token, "new", create));
    let outcomes = capture.log(&[early, creating.clone(), late.clone()]).await;
    let logged = |ping: Ping| PingOutcome::Logged(ping.id.into());
    let refused = PingOutcome::Ignored(PingRefusal::ProjectUnknown);
    assert_eq!(outcomes, [refused, logged(creating), logged(late)]);
}

/// Of one subject or of several.
pub async fn twenty_callers_that_meet_a_new_project_make_one_job(capture: Capture) {
    let token = token(&capture, true).await;
    for round in 0..5 {
        let project = format!("project {round}");
        let outcomes = together(20, |caller| {
            let subject = subject(["ada", "grace"][caller % 2]);
            let (pings, ping) = (capture.pings.clone(), Ping { subject, ..ping(&token, &project, true) });
            async move { pings.log(LogPings { pings: vec![ping], at: minute(10_000) }).await }
        })
        .await;
        assert!(
            outcomes.iter().all(|outcome| matches!(outcome.as_deref(), Ok([PingOutcome::Logged(_)]))),
            "{outcomes:?}"
        );
    }
    let jobs = capture.ledger.all_jobs(ListJobs::default()).await;
    assert_eq!(jobs.iter().map(|job| job.total_minutes.get()).collect::<Vec<_>>(), [100; 5]);
    capture.ledger.assert_totals_are_sums().await;
}
