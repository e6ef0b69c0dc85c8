//! Pings, entries and totals change in one transaction. These clauses show what an audit sees in the meantime, that
//! an archive ends the counting, what a call leaves whose caller gave up, and that none of this blocks a thread of
//! the runtime.

use std::collections::HashSet;
use std::sync::Arc;

use futures::poll;
use stint_domain::PageSize;
use stint_domain::capture::ports::ping::{ListCaptured, ListPings, LogPings, RetractPing};
use stint_domain::capture::{PingOutcome, PingRefusal};
use stint_domain::ledger::ports::time_entry::ListTimeEntries;
use stint_domain::values::TimeEntryId;
use tokio::sync::Semaphore;

use super::{Capture, minute, signal, worked};
use crate::given::{date, entries_of};
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
    // A call may still be under way. One page shows one moment: what the first has is in the next ones, too.
    let entries = async || {
        let page = ListTimeEntries { size: PageSize::LARGEST, ..entries_of(job) };
        let page = capture.ledger.time_entries.list(page).await.unwrap();
        page.items.into_iter().map(|entry| entry.id).collect::<HashSet<TimeEntryId>>()
    };
    let before = entries().await;
    let page = ListPings { size: PageSize::LARGEST, ..ListPings::default() };
    let page = capture.pings.list(page).await.unwrap();
    let logged: HashSet<TimeEntryId> = page.items.into_iter().map(|ping| ping.id.into()).collect();
    let after = entries().await;
    assert!(before.is_subset(&logged) && logged.is_subset(&after), "a ping and its entry appear together");
    for pings in &groups {
        for (what, seen) in [("pings", &logged), ("entries", &after)] {
            let seen = pings.iter().filter(|ping| seen.contains(&ping.id.into())).count();
            assert!([0, 5].contains(&seen), "{seen} of 5 {what}");
        }
    }
    // After a repeat, whatever was under way changes nothing any more.
    for pings in groups {
        capture.log(&pings).await;
    }
    assert_eq!(capture.ledger.total(job).await, 24 * (5 * 30 + 1));
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
