//! The duties of a [`NewProjects`].

use std::sync::Arc;

use futures::future::join_all;
use stint_domain::capture::ports::NewProjects;
use stint_domain::capture::ports::new_project::AdmitProjects;
use stint_domain::capture::ports::ping::LogPings;
use stint_domain::capture::{Ping, PingOutcome, PingProject, PingTarget};
use stint_domain::ledger::ports::job::{JobChanges, UpdateJob};
use stint_domain::ledger::{JobName, JobStatus, Precondition};
use stint_domain::values::TokenId;

use crate::Capture;
use crate::given::{at, create_job, day, fresh, minutes, name, ping, subject};
use crate::runtime::Sleeps;

/// An adapter's counts of new projects, over a ledger with jobs.
#[derive(Clone)]
pub struct Projects {
    /// Pings, and their ledger.
    pub capture: Capture,
    /// The adapter's counts, over the same ledger.
    pub new_projects: Arc<dyn NewProjects>,
}

/// Makes one test of each duty of the bound on new projects. The argument is an `async fn() -> Projects`.
#[macro_export]
macro_rules! new_projects {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (capture::new_project) {
                no_more_new_projects_are_admitted_than_the_bound,
                a_project_that_was_admitted_counts_once,
                a_bound_that_was_lowered_drops_nothing_that_was_admitted,
                tokens_and_days_are_counted_apart,
                a_late_request_of_an_earlier_day_begins_no_later_day_anew,
                a_project_that_is_composed_never_counts_where_a_job_is_stored_in_parts,
                a_project_that_stands_for_a_job_never_counts,
                a_project_that_another_subjects_token_named_counts_until_it_has_a_job,
                twenty_callers_at_once_get_no_more_than_the_bound,
                none_are_admitted_where_none_may_be,
                a_ping_whose_project_is_not_admitted_is_logged_all_the_same,
                counting_new_projects_does_not_block_the_runtime,
            }
        }
    };
}

fn asked(token: TokenId, projects: &[&str], most: u32) -> AdmitProjects {
    let projects = projects.iter().copied().map(name).collect();
    AdmitProjects { token, subject: subject("ada"), day: day(0), projects, most }
}

fn token() -> TokenId {
    TokenId::new(fresh())
}

async fn admit(projects: &Projects, command: AdmitProjects) -> Vec<bool> {
    projects.new_projects.admit(command).await.unwrap()
}

/// The first ones are admitted.
pub async fn no_more_new_projects_are_admitted_than_the_bound(projects: Projects) {
    let token = token();
    assert_eq!(admit(&projects, asked(token, &["a", "b", "c"], 2)).await, [true, true, false]);
    assert_eq!(admit(&projects, asked(token, &["d"], 2)).await, [false]);
    assert_eq!(admit(&projects, asked(token, &["d", "e"], 3)).await, [true, false]);
    assert_eq!(admit(&projects, asked(token, &[], 3)).await, [false; 0]);
}

/// However often it is asked for.
pub async fn a_project_that_was_admitted_counts_once(projects: Projects) {
    let token = token();
    for _ in 0..3 {
        assert_eq!(admit(&projects, asked(token, &["a"], 2)).await, [true]);
    }
    assert_eq!(admit(&projects, asked(token, &["b", "a", "c"], 2)).await, [true, true, false]);
}

/// Its pings may be queued already.
pub async fn a_bound_that_was_lowered_drops_nothing_that_was_admitted(projects: Projects) {
    let token = token();
    assert_eq!(admit(&projects, asked(token, &["a", "b", "c"], 3)).await, [true; 3]);
    assert_eq!(admit(&projects, asked(token, &["d", "a", "b", "c"], 1)).await, [false, true, true, true]);
}

/// Each count starts at zero.
pub async fn tokens_and_days_are_counted_apart(projects: Projects) {
    let (one, other) = (token(), token());
    assert_eq!(admit(&projects, asked(one, &["a", "b"], 1)).await, [true, false]);
    assert_eq!(admit(&projects, asked(other, &["b", "a"], 1)).await, [true, false]);
    let tomorrow = AdmitProjects { day: day(1), ..asked(one, &["b", "a"], 1) };
    assert_eq!(admit(&projects, tomorrow.clone()).await, [true, false]);
    assert_eq!(admit(&projects, tomorrow).await, [true, false]);
}

/// Requests may overtake each other at midnight.
pub async fn a_late_request_of_an_earlier_day_begins_no_later_day_anew(projects: Projects) {
    let token = token();
    let tomorrow = |names| AdmitProjects { day: day(1), ..asked(token, names, 1) };
    assert_eq!(admit(&projects, tomorrow(&["a"])).await, [true]);
    assert_eq!(admit(&projects, asked(token, &["b"], 1)).await, [true]);
    assert_eq!(admit(&projects, tomorrow(&["c", "a"])).await, [false, true]);
}

/// Its own job counts, even an archived or renamed one, and so does an open job with its name.
pub async fn a_project_that_stands_for_a_job_never_counts(projects: Projects) {
    let Capture { ledger, pings, .. } = &projects.capture;
    let named = stint_domain::ledger::ports::job::CreateJob { name: name("open"), ..create_job() };
    ledger.jobs.create(named).await.unwrap();
    let token = token();
    let ping = Ping { token, ..of_project("own") };
    pings.log(LogPings { pings: vec![ping.clone()], at: at(9) }).await.unwrap();
    let job = pings.find(ping.id).await.unwrap().unwrap().related_job.unwrap();
    let changes = JobChanges { name: Some(name("renamed")), status: Some(JobStatus::Archived) };
    let archive = UpdateJob { id: job, changes, at: at(10), precondition: Precondition::None };
    ledger.jobs.update(archive).await.unwrap();
    assert_eq!(admit(&projects, asked(token, &["open", "own"], 0)).await, [true, true]);
    // The job with this name is archived, and names are compared exactly.
    assert_eq!(admit(&projects, asked(token, &["renamed", "Open", "new"], 1)).await, [true, false, false]);
}

/// The project will get this job.
pub async fn a_project_that_is_composed_never_counts_where_a_job_is_stored_in_parts(projects: Projects) {
    let apart = JobName::stored("Bu\u{308}ro").unwrap();
    let named = stint_domain::ledger::ports::job::CreateJob { name: apart, ..create_job() };
    projects.capture.ledger.jobs.create(named).await.unwrap();
    assert_eq!(admit(&projects, asked(token(), &["B\u{fc}ro", "Buro"], 0)).await, [true, false]);
}

/// Each subject's project has a job of its own.
pub async fn a_project_that_another_subjects_token_named_counts_until_it_has_a_job(projects: Projects) {
    let (one, other) = (token(), token());
    assert_eq!(admit(&projects, asked(one, &["a"], 1)).await, [true]);
    let other = AdmitProjects { subject: subject("grace"), ..asked(other, &["b", "a"], 1) };
    assert_eq!(admit(&projects, other.clone()).await, [true, false]);
    let log = LogPings { pings: vec![Ping { token: one, ..of_project("a") }], at: at(9) };
    projects.capture.pings.log(log).await.unwrap();
    assert_eq!(admit(&projects, other).await, [true, true]);
}

/// With the same names, and with different names.
pub async fn twenty_callers_at_once_get_no_more_than_the_bound(projects: Projects) {
    let token = token();
    let ask = |caller: usize| {
        let (projects, names) = (projects.clone(), [format!("of {caller}"), format!("shared {}", caller % 4)]);
        tokio::spawn(async move { admit(&projects, asked(token, &names.each_ref().map(String::as_str), 10)).await })
    };
    let answers: Vec<Vec<bool>> = join_all((0..20).map(ask)).await.into_iter().map(Result::unwrap).collect();
    let names = |caller: usize| [format!("of {caller}"), format!("shared {}", caller % 4)];
    let admitted: std::collections::HashSet<String> = answers
        .iter()
        .enumerate()
        .flat_map(|(caller, admitted)| names(caller).into_iter().zip(admitted.clone()))
        .filter_map(|(name, admitted)| admitted.then_some(name))
        .collect();
    assert_eq!(admitted.len(), 10, "{admitted:?}");
}

/// A bound of zero lets tokens make no jobs at all.
pub async fn none_are_admitted_where_none_may_be(projects: Projects) {
    assert_eq!(admit(&projects, asked(token(), &["a", "b"], 0)).await, [false, false]);
}

/// It may have been accepted under another bound, and an accepted ping is never dropped because of the bound.
pub async fn a_ping_whose_project_is_not_admitted_is_logged_all_the_same(projects: Projects) {
    let token = token();
    assert_eq!(admit(&projects, asked(token, &["a"], 0)).await, [false]);
    let ping = Ping { token, ..of_project("a") };
    let log = LogPings { pings: vec![ping.clone()], at: at(9) };
    let outcomes = projects.capture.pings.log(log).await.unwrap();
    assert_eq!(outcomes, [PingOutcome::Logged(ping.id.into())]);
    assert_eq!(admit(&projects, asked(token, &["a", "b"], 0)).await, [true, false]);
}

/// See [`mod@crate::runtime`].
pub async fn counting_new_projects_does_not_block_the_runtime(projects: Projects) {
    const CALLS: usize = 12;
    let mut sleeps = Sleeps::default();
    for call in 0..CALLS {
        let command = asked(token(), &["a", &format!("b{call}")], 1);
        sleeps.of("NewProjects::admit", projects.new_projects.admit(command)).await.unwrap();
    }
    sleeps.assert_few_of(CALLS);
}

/// A ping of half an hour that may make a job.
fn of_project(project: &str) -> Ping {
    let project = PingProject::Named(name(project));
    let target = PingTarget::Project { project, create: true };
    Ping { target, subject: subject("ada"), minutes: Some(minutes(30)), ..ping(0) }
}
