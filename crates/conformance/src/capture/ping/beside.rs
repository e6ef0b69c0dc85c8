//! Pings, entries and totals change in one transaction. These clauses show what an audit sees in the meantime, that
//! an archive ends the counting, what a call leaves whose caller gave up, and that none of this blocks a thread of
//! the runtime.

use std::sync::Arc;

use futures::poll;
use stint_domain::capture::ports::ping::{ListCaptured, ListPings, LogPings, RetractPing};

use stint_domain::capture::{PingOutcome, PingRefusal};
use tokio::sync::Semaphore;

use super::{Capture, minute, signal, worked};
use crate::given::date;
use crate::ledger::concurrency::audit::beside;
use crate::ledger::concurrency::race;
use crate::runtime::Sleeps;

/// How often each method is called that must not block.
const CALLS: usize = 12;

/// With both kinds of pings, logged and taken back.
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

/// The job that the archive returns does not change any more, and later pings are ignored.
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
                // Otherwise all would be at the same point when the archive comes.
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

/// At any point of the call. Its pings, their entries and the total appear together.
pub async fn a_call_that_is_given_up_logs_all_its_pings_or_none(capture: Capture) {
    let (job, token) = capture.job_and_token().await;
    let mut groups = Vec::new();
    for turns in 0..24 {
        let pings: Vec<_> = (0..5).map(|place| worked(&token, place, 30)).collect();
        groups.push(pings.clone());
        let mut call = capture.pings.log(LogPings { pings, at: minute(10_000) });
        for _ in 0..turns {
            if poll!(&mut call).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(call);
        capture.log_one(&worked(&token, 9, 1)).await;
        assert_eq!(capture.ledger.totals.audit().await.unwrap().drifts, []);
    }
    // The token's next call waits for whatever still runs.
    capture.log_one(&worked(&token, 9, 1)).await;
    let mut total = 25;
    for pings in groups {
        let (mut logged, mut entries) = (0, 0);
        for ping in pings {
            logged += u64::from(capture.pings.find(ping.id).await.unwrap().is_some());
            entries += u64::from(capture.ledger.entry(ping.id.into()).await.is_some());
        }
        assert!([0, 5].contains(&logged) && entries == logged, "{logged} of 5 pings, and {entries} entries");
        total += 30 * entries;
    }
    assert_eq!(capture.ledger.total(job).await, total);
    capture.ledger.assert_totals_are_sums().await;
}

/// See [`mod@crate::runtime`].
pub async fn no_method_of_pings_blocks_the_runtime(capture: Capture) {
    let (_, token) = capture.job_and_token().await;
    let (port, mut sleeps) = (&capture.pings, Sleeps::default());
    let day = ListCaptured { token: token.id, from: date("2023-11-15"), to: date("2023-11-15") };
    for _ in 0..CALLS {
        let ping = signal(&token, 0);
        let (id, pings, at) = (ping.id, vec![ping], minute(10_000));
        sleeps.of("PingRepository::log", port.log(LogPings { pings, at })).await.unwrap();
        sleeps.of("PingRepository::find", port.find(id)).await.unwrap();
        sleeps.of("PingRepository::list", port.list(ListPings::default())).await.unwrap();
        sleeps.of("PingRepository::captured", port.captured(day)).await.unwrap();
        sleeps.of("PingRepository::retract", port.retract(RetractPing { id, at })).await.unwrap();
    }
    sleeps.assert_few_of(CALLS);
}
