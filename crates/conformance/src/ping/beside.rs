//! Pings, entries and totals change in one transaction: what an audit sees beside them, and that an archive is their end.

use std::sync::Arc;

use stint_domain::{PingOutcome, PingRefusal};
use tokio::sync::Semaphore;

use super::{Capture, signal, worked};
use crate::concurrency::audit::beside;
use crate::concurrency::race;

/// Entries of their own and derived ones; logged, and taken back again.
pub async fn an_audit_beside_pings_sees_no_minute_without_its_entry(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    beside(&capture.ledger, |report| assert_eq!(report.drifts, []), async {
        for step in 0..30 {
            let (own, derived) = (worked(&token, 5 * step, 7), signal(&token, 5 * step));
            capture.log(&[own.clone(), derived]).await;
            capture.retract(own.id).await.unwrap();
        }
    })
    .await;
    assert_eq!(capture.ledger.total(job).await, 29 * 5);
    capture.ledger.assert_totals_are_sums().await;
}

/// The job that it answers with is the job at the end, and later pings are ignored.
pub async fn an_archive_is_the_end_of_pings(capture: Capture) {
    for round in 0..4 {
        let (job, token) = capture.job_and_token().await;
        let accepted = Arc::new(Semaphore::new(0));
        let mut ends = race(round, 3, |place| {
            let (capture, token, accepted) = (capture.clone(), token.clone(), accepted.clone());
            async move {
                if place == 2 {
                    accepted.acquire_many(3).await.unwrap().forget();
                    return Some(capture.ledger.archive(job).await);
                }
                // Or both would be at the same point when the archive comes.
                for _ in 0..place {
                    tokio::task::yield_now().await;
                }
                for step in 0..12 {
                    let outcome = capture.log_one(&worked(&token, step, 5)).await;
                    match outcome[..] {
                        [PingOutcome::Logged(_)] => accepted.add_permits(1),
                        [PingOutcome::Ignored(PingRefusal::JobArchived)] => break,
                        _ => panic!("{outcome:?}"),
                    }
                    tokio::task::yield_now().await;
                }
                None
            }
        })
        .await;
        let archived = ends.remove(2).expect("the last one archives");
        assert_eq!(capture.ledger.job(job).await, archived);
    }
    capture.ledger.assert_totals_are_sums().await;
}
