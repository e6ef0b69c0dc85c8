//! Pings for totals at their limits, which no port can bring about: a call that fails leaves no trace.

use stint_domain::BackendErrorKind;
use stint_domain::access::Token;
use stint_domain::capture::ports::ping::{ListCaptured, LogPings, RetractPingError};
use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, Ping, PingOutcome, PingProject, PingTarget};
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::job::ListJobs;
use stint_domain::values::{JobId, Zone};

use super::{Capture, minute, signal, worked};
use crate::given::{date, entries_of, name};
use crate::ledger::totals::drift::{Plant, total};

/// Pings, and a way to set a job's total around the adapter, for example by an `UPDATE` of one column.
#[derive(Clone)]
pub struct Full {
    /// Pings, and their ledger.
    pub capture: Capture,
    /// Sets a total around the adapter.
    pub plant: Plant,
}

/// Makes one test of each duty of a ping repository towards totals that are not the sums. The argument is an `async
/// fn() -> Full`.
#[macro_export]
macro_rules! ping_repository_fails_whole {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (capture::ping::full) {
                pings_that_would_take_a_total_past_its_most_fail_without_a_trace,
                a_retraction_that_would_take_a_total_below_zero_fails_without_a_trace,
            }
        }
    };
}

impl Full {
    async fn plant(&self, job: JobId, minutes: u64) {
        (self.plant)(job, total(minutes)).await;
        assert_eq!(self.capture.ledger.total(job).await, minutes, "the total was planted");
    }
}

async fn last_used(capture: &Capture, token: &Token) -> Option<stint_domain::values::Timestamp> {
    capture.tokens.find(token.id).await.unwrap().unwrap().last_used_at
}

/// Pings of both kinds, together with others that would have counted. No ping, entry, total, new job or last use is
/// stored.
pub async fn pings_that_would_take_a_total_past_its_most_fail_without_a_trace(full: Full) {
    let capture = &full.capture;
    let (job, token) = capture.job_and_token().await;
    let (other, elsewhere) = capture.job_and_token().await;
    let target = CaptureTarget::Projects { create: true };
    let of_projects = capture.token(CaptureRule { target, zone: Zone::UTC, gap: Gap::default() }).await;
    full.plant(job, TotalMinutes::MAX - 4).await;

    let project = PingProject::Named(name("new"));
    let target = PingTarget::Project { project, create: true };
    let new = Ping { target, token: of_projects.id, ..worked(&token, 0, 5) };
    let fits = worked(&elsewhere, 0, 30);
    let signals = [signal(&token, 0), signal(&token, 10)];
    for too_much in [vec![worked(&token, 0, 5)], signals.to_vec()] {
        let pings = [vec![new.clone(), fits.clone()], too_much].concat();
        let failed = capture.pings.log(LogPings { pings: pings.clone(), at: minute(10_000) }).await;
        assert!(failed.as_ref().is_err_and(|why| why.kind == BackendErrorKind::Internal), "{failed:?}");
        for ping in &pings {
            assert_eq!(capture.pings.find(ping.id).await.unwrap(), None);
            assert_eq!(capture.ledger.entry(ping.id.into()).await, None);
        }
        assert_eq!(capture.ledger.all_jobs(ListJobs::default()).await.len(), 2);
        assert_eq!((capture.ledger.total(job).await, capture.ledger.total(other).await), (TotalMinutes::MAX - 4, 0));
        assert_eq!(last_used(capture, &elsewhere).await, None);
    }

    // Where there is room, the pings that failed before count as if they came for the first time.
    let four = Ping { at: minute(4), ..signals[1].clone() };
    let outcomes = capture.log(&[new, fits, signals[0].clone(), four]).await;
    assert!(outcomes.iter().all(|outcome| matches!(outcome, PingOutcome::Logged(_))), "{outcomes:?}");
    assert_eq!((capture.ledger.total(job).await, capture.ledger.total(other).await), (TotalMinutes::MAX, 30));
}

/// Pings of both kinds. As soon as the total is right, they can be taken back.
pub async fn a_retraction_that_would_take_a_total_below_zero_fails_without_a_trace(full: Full) {
    let capture = &full.capture;
    let (job, token) = capture.job_and_token().await;
    let pings = [worked(&token, 0, 30), signal(&token, 0), signal(&token, 10)];
    let outcomes = capture.log(&pings).await;
    full.plant(job, 5).await;
    let before = capture.ledger.all_entries(entries_of(job)).await;
    let day = ListCaptured { token: token.id, from: date("2023-11-15"), to: date("2023-11-15") };
    let captured = capture.pings.captured(day).await.unwrap();
    for place in [0, 2] {
        let failed = capture.retract(pings[place].id).await;
        let is_internal =
            matches!(&failed, Err(RetractPingError::Backend(why)) if why.kind == BackendErrorKind::Internal);
        assert!(is_internal, "{failed:?}");
        let kept = capture.pings.find(pings[place].id).await.unwrap().unwrap();
        assert_eq!(kept.outcome, outcomes[place]);
        assert_eq!(capture.ledger.all_entries(entries_of(job)).await, before);
        assert_eq!(capture.pings.captured(day).await.unwrap(), captured);
        assert_eq!(capture.ledger.total(job).await, 5);
    }
    full.plant(job, 40).await;
    for place in [0, 2] {
        capture.retract(pings[place].id).await.unwrap();
    }
    assert_eq!(capture.ledger.total(job).await, 0);
    capture.ledger.assert_totals_are_sums().await;
}
