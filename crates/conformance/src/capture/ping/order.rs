//! The same pings lead to the same ledger, in any order, in any groups, and from any number of callers at once; and a
//! token never gets more time than has passed.

use std::collections::HashSet;

use proptest::test_runner::TestCaseError;
use stint_domain::capture::ports::ping::{LogPings, RetractPing, RetractPingError};
use stint_domain::capture::{Ping, PingOutcome, PingRefusal, PingTarget};
use stint_domain::ledger::JobStatus;
use stint_domain::ledger::ports::time_entry::NewTimeEntry;
use stint_domain::values::{JobId, TimeEntryId};

use super::model::{
    JOBS, Planned, SECOND, divides, expected, for_any_pings, found, groups, jobs_and_token, of_the_clock, ping, same,
};
use super::{Capture, minute};
use crate::given::{delete_job_with_entries, entry, fresh, set_status};
use crate::ledger::concurrency::together;
use crate::suite::unless_refused;

async fn delete(capture: &Capture, jobs: &[JobId]) {
    capture.ledger.assert_totals_are_sums().await;
    for job in jobs {
        capture.ledger.jobs.delete(delete_job_with_entries(*job)).await.unwrap();
    }
}

/// With late pings, repeats and single ones, for several jobs.
pub async fn any_order_and_any_grouping_give_the_same_ledger(capture: Capture) {
    for_any_pings(&capture, |capture, rule, planned| async move {
        let (jobs, token) = jobs_and_token(&capture, rule).await;
        let (pings, groups) = groups(&token, &jobs, &planned);
        for pings in groups {
            capture.log(&pings).await;
        }
        same(&found(&capture, &jobs).await, &expected(&pings, &jobs, rule))?;
        delete(&capture, &jobs).await;
        Ok(())
    });
}

/// The archived job keeps its time, whether it is opened again in the end or not. Time after the pings of other jobs
/// belongs to those jobs.
pub async fn any_order_beside_an_archived_job_gives_the_same_ledger(capture: Capture) {
    for_any_pings(&capture, |capture, rule, planned| async move {
        let (jobs, token) = jobs_and_token(&capture, rule).await;
        let (pings, groups) = groups(&token, &jobs, &planned);
        let is_first = |ping: &Ping| ping.target == PingTarget::Job(jobs[0]);
        let (first, others): (Vec<_>, Vec<_>) = pings.into_iter().partition(is_first);
        capture.log(&first).await;
        capture.ledger.archive(jobs[0]).await;
        let mut ignored = HashSet::new();
        for group in groups {
            let group: Vec<_> = group.into_iter().filter(|ping| !is_first(ping)).collect();
            for (ping, outcome) in group.iter().zip(capture.log(&group).await) {
                if outcome == PingOutcome::Ignored(PingRefusal::JobArchived) {
                    ignored.insert(ping.id);
                }
            }
        }
        let takes_time = |ping: &&Ping| ping.minutes.is_none() && divides(&first, ping, rule);
        same(&ignored, &others.iter().filter(takes_time).map(|ping| ping.id).collect())?;
        let counted: Vec<_> = first.iter().chain(&others).filter(|ping| !ignored.contains(&ping.id)).cloned().collect();
        let mut came_to = expected(&first, &jobs, rule);
        came_to.extend(expected(&counted, &jobs, rule).into_iter().filter(|(job, ..)| *job > 0));
        capture.ledger.jobs.update(set_status(jobs[0], JobStatus::Open)).await.unwrap();
        same(&found(&capture, &jobs).await, &came_to)?;
        delete(&capture, &jobs).await;
        Ok(())
    });
}

/// Whichever pings, and whenever they are taken back.
pub async fn pings_that_were_taken_back_might_as_well_not_have_been_sent(capture: Capture) {
    for_any_pings(&capture, |capture, rule, planned| async move {
        let (jobs, token) = jobs_and_token(&capture, rule).await;
        let (pings, groups) = groups(&token, &jobs, &planned);
        let chance = |ping: &Ping| ping.id.as_uuid().as_u128() % 7;
        for group in groups {
            capture.log(&group).await;
            // Some are taken back at once, before others come around them.
            for ping in group.iter().filter(|ping| chance(ping) == 0) {
                capture.retract(ping.id).await.unwrap();
            }
        }
        let mut late: Vec<_> = pings.iter().filter(|ping| (1..4).contains(&chance(ping))).collect();
        late.sort_by_key(|ping| ping.id.as_uuid().as_u128() % 101);
        for ping in late {
            capture.retract(ping.id).await.unwrap();
        }
        let kept: Vec<_> = pings.into_iter().filter(|ping| chance(ping) >= 4).collect();
        same(&found(&capture, &jobs).await, &expected(&kept, &jobs, rule))?;
        delete(&capture, &jobs).await;
        Ok(())
    });
}

/// Over all jobs, even when jobs are archived, opened again or deleted and pings are taken back meanwhile.
pub async fn no_moment_of_a_token_counts_twice(capture: Capture) {
    for_any_pings(&capture, |capture, rule, planned| async move {
        let (mut jobs, token) = jobs_and_token(&capture, rule).await;
        let signals: Vec<_> = planned.into_iter().map(|planned| Planned { minutes: None, ..planned }).collect();
        let (pings, groups) = groups(&token, &jobs, &signals);
        let most = of_the_clock(&pings, rule);
        for group in groups {
            capture.log(&group).await;
            for ping in &group {
                let chance = ping.id.as_uuid().as_u128() % 23;
                let job = jobs[usize::try_from(chance).unwrap() % jobs.len()];
                match chance {
                    0..4 => {
                        capture.ledger.archive(job).await;
                    }
                    4..9 => {
                        capture.ledger.jobs.update(set_status(job, JobStatus::Open)).await.unwrap();
                    }
                    9..12 => {
                        unless_refused!(capture.retract(ping.id).await, RetractPingError::JobArchived(_));
                    }
                    12 if jobs.len() > 1 => {
                        jobs.retain(|other| *other != job);
                        capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
                    }
                    _ => {}
                }
            }
            let minutes =
                found(&capture, &jobs).await.iter().map(|(_, _, minutes, _)| i64::from(*minutes)).sum::<i64>();
            if minutes > most {
                return Err(TestCaseError::fail(format!("{minutes} minutes of {most} on the clock")));
            }
        }
        delete(&capture, &jobs).await;
        Ok(())
    });
}

/// A few hundred signals of all jobs, some with minutes.
fn many() -> impl Iterator<Item = Planned> {
    (0..400).map(|place: i64| Planned {
        micros: place * 37 * SECOND,
        job: usize::try_from(place / 5 % 3).unwrap() % JOBS,
        minutes: (place % 11 == 0).then_some(3),
        tells: place % 5 == 0,
        place: 0,
        ends_group: false,
        twice: false,
    })
}

/// Each caller sends its own share, and that of its neighbour.
pub async fn twenty_callers_at_once_give_the_same_ledger(capture: Capture) {
    const CALLERS: usize = 20;
    let (jobs, token) = jobs_and_token(&capture, (0, 0)).await;
    let pings: Vec<_> = many().map(|planned| ping(&token, &jobs, &planned)).collect();
    let outcomes = together(CALLERS, |caller| {
        let share = pings.iter().enumerate().filter(move |(place, _)| {
            let by = place % CALLERS;
            by == caller || (by + 1) % CALLERS == caller
        });
        let (repository, pings) = (capture.pings.clone(), share.map(|(_, ping)| ping.clone()).collect());
        async move { repository.log(LogPings { pings, at: minute(10_000) }).await.map(|outcomes| outcomes.len()) }
    })
    .await;
    for outcome in outcomes {
        assert_eq!(outcome.unwrap(), 40);
    }
    assert_eq!(found(&capture, &jobs).await, expected(&pings, &jobs, (0, 0)));
    capture.ledger.assert_totals_are_sums().await;
}

/// Two tokens' pings for the same jobs, entries that are recorded on these jobs, and pings that are taken back, all
/// at the same time.
pub async fn pings_entries_and_retractions_meet_without_harm(capture: Capture) {
    const CALLERS: usize = 20;
    let (jobs, token) = jobs_and_token(&capture, (0, 0)).await;
    let other = capture.token(token.capture.unwrap()).await;
    let pings: Vec<_> = many()
        .enumerate()
        .map(|(place, planned)| ping(if place % 2 == 0 { &token } else { &other }, &jobs, &planned))
        .collect();
    let (undone, sent) = pings.split_at(80);
    capture.log(undone).await;
    let outcomes = together(CALLERS, |caller| {
        let share = |pings: &[Ping]| {
            let share = pings.iter().enumerate().filter(|(place, _)| place % CALLERS == caller);
            share.map(|(_, ping)| ping.clone()).collect::<Vec<_>>()
        };
        let (undone, sent, capture, job) = (share(undone), share(sent), capture.clone(), jobs[caller % JOBS]);
        async move {
            for (ping, undone) in sent.chunks(4).zip(undone) {
                let command = LogPings { pings: ping.to_vec(), at: minute(10_000) };
                capture.pings.log(command).await.map_err(|error| error.to_string())?;
                let undo = RetractPing { id: undone.id, at: minute(10_000) };
                capture.pings.retract(undo).await.map_err(|error| error.to_string())?;
                capture.ledger.record(NewTimeEntry { id: TimeEntryId::new(fresh()), ..entry(job) }).await;
            }
            Ok::<_, String>(())
        }
    })
    .await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    capture.ledger.assert_totals_are_sums().await;
    let of = |token: &stint_domain::access::Token| {
        let sent = sent.iter().filter(|ping| ping.token == token.id);
        expected(&sent.cloned().collect::<Vec<_>>(), &jobs, (0, 0))
    };
    let minutes = |found: &[super::model::Found]| found.iter().map(|found| i64::from(found.2)).sum::<i64>();
    let recorded = 4 * i64::try_from(CALLERS).unwrap() * i64::from(entry(jobs[0]).minutes_worked.get());
    assert_eq!(minutes(&found(&capture, &jobs).await), minutes(&of(&token)) + minutes(&of(&other)) + recorded);
}
