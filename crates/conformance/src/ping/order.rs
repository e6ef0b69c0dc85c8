//! The same pings come to the same ledger: in any order, in any groups, from any number of callers at once.
//!
//! What they come to is worked out here from the whole set, by sorting it, which an adapter never does.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use stint_domain::ports::ping::LogPings;
use stint_domain::values::{CaptureRule, JobId, Timestamp, Zone};
use stint_domain::{Ping, Token};

use super::{Capture, minute, rule, signal};
use crate::concurrency::together;
use crate::given::{delete_job_with_entries, entries_of, minutes, summary};

/// How many sets are tried.
const SETS: u32 = 12;
/// East of UTC, without any summer time.
const ZONE: &str = "Asia/Kolkata";
const OFFSET: i64 = 19_800;
const DAY: i64 = 86_400;
const GAP: i64 = 900;

/// A ping to be: seconds after the suite's midnight, minutes if it is an entry, whether it tells something; how it is sent:
/// its place in the order, whether its group ends with it, and whether it is sent twice.
#[derive(Debug, Clone)]
struct Planned {
    seconds: i64,
    minutes: Option<i64>,
    tells: bool,
    place: u32,
    ends_group: bool,
    twice: bool,
}

/// Signals close to each other and to the gap, over two midnights.
fn any_pings() -> impl Strategy<Value = Vec<Planned>> {
    let minutes = prop_oneof![5 => Just(None), 1 => (1i64..90).prop_map(Some)];
    let seconds = prop_oneof![
        4 => (0i64..40).prop_map(|steps| steps * 300),
        3 => 0i64..12_000,
        2 => (60i64..70).prop_map(|steps| steps * 450 - 5),
        1 => (0i64..12).prop_map(|steps| DAY - OFFSET + steps * 899),
    ];
    let planned = (seconds, minutes, any::<bool>(), any::<u32>(), prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    vec(
        planned.prop_map(|(seconds, minutes, tells, place, ends_group, twice)| Planned {
            seconds: seconds + 10 * 3_600,
            minutes,
            tells,
            place,
            ends_group,
            twice,
        }),
        1..40,
    )
}

fn ping(token: &Token, planned: &Planned) -> Ping {
    let at = Timestamp::from_micros(minute(0).as_micros() + planned.seconds * 1_000_000).unwrap();
    let text = planned.tells.then(|| summary(&format!("at {}", planned.seconds)));
    Ping { at, received_at: at, minutes: planned.minutes.map(minutes), summary: text, ..signal(token, 0) }
}

/// Day, minutes and summary of each entry that the pings come to, in order.
fn expected(pings: &[Ping]) -> Vec<(i64, u16, String)> {
    let seconds = |ping: &Ping| (ping.at.as_micros() - minute(0).as_micros()) / 1_000_000 + OFFSET;
    let text = |ping: &Ping| ping.summary.as_ref().map(|text| text.as_str().to_owned());
    let entries = pings.iter().filter_map(|ping| Some((ping, ping.minutes?.get())));
    let mut expected: Vec<_> =
        entries.map(|(ping, minutes)| (seconds(ping) / DAY, minutes, text(ping).unwrap_or_default())).collect();

    let mut signals: Vec<_> = pings.iter().filter(|ping| ping.minutes.is_none()).collect();
    signals.sort_by_key(|ping| (ping.at, ping.id));
    let (mut proved, mut told): (BTreeMap<i64, i64>, BTreeMap<i64, String>) = (BTreeMap::new(), BTreeMap::new());
    for pair in signals.windows(2) {
        let (from, to) = (seconds(pair[0]), seconds(pair[1]));
        if to - from < GAP {
            // Second by second, so that nothing here knows how to split.
            for second in from..to {
                *proved.entry(second / DAY).or_default() += 1;
            }
        }
    }
    for ping in signals {
        told.extend(text(ping).map(|text| (seconds(ping) / DAY, text)));
    }
    for (day, seconds) in proved {
        match u16::try_from((seconds / 60).min(1440)).unwrap() {
            0 => {}
            minutes => expected.push((day, minutes, told.remove(&day).unwrap_or_default())),
        }
    }
    expected.sort();
    expected
}

/// The same of the entries that the job has.
async fn found(capture: &Capture, job: JobId) -> Vec<(i64, u16, String)> {
    let first = (minute(0).as_micros() / 1_000_000 + OFFSET) / DAY;
    let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let entries = capture.ledger.all_entries(entries_of(job)).await;
    let day = |entry: &stint_domain::TimeEntry| (entry.date_stamp.as_date() - epoch).num_days() - first;
    let mut found: Vec<_> = entries
        .iter()
        .map(|entry| (day(entry), entry.minutes_worked.get(), entry.work_summary.as_str().to_owned()))
        .collect();
    found.sort();
    found
}

async fn job_and_token(capture: &Capture) -> (JobId, Token) {
    let job = capture.ledger.open_job().await.id;
    let zone: Zone = ZONE.parse().unwrap();
    (job, capture.token(CaptureRule { zone, ..rule(job) }).await)
}

/// The pings in the order and the groups in which they are sent.
fn groups(token: &Token, planned: &[Planned]) -> (Vec<Ping>, Vec<Vec<Ping>>) {
    let pings: Vec<_> = planned.iter().map(|planned| ping(token, planned)).collect();
    let mut sent: Vec<_> = planned.iter().zip(&pings).map(|(planned, ping)| (planned.place, planned, ping)).collect();
    let again: Vec<_> = sent.iter().filter(|(_, planned, _)| planned.twice).map(|one| (!one.0, one.1, one.2)).collect();
    sent.extend(again);
    sent.sort_by_key(|(place, _, ping)| (*place, ping.id));
    let mut groups = vec![Vec::new()];
    for (_, planned, ping) in sent {
        groups.last_mut().unwrap().push(ping.clone());
        if planned.ends_group {
            groups.push(Vec::new());
        }
    }
    (pings, groups)
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), TestCaseError> {
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("the entries are\n{found:?}\ninstead of\n{expected:?}")))
}

/// Runs `body` on many sets of pings, each for a job of its own.
fn for_any_pings<F>(body: impl Fn(Vec<Planned>) -> F)
where
    F: Future<Output = Result<(), TestCaseError>>,
{
    let runtime = tokio::runtime::Handle::current();
    let config = Config { cases: SETS, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let result = tokio::task::block_in_place(|| {
        TestRunner::new(config).run(&any_pings(), |planned| runtime.block_on(body(planned)))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, planned)) => panic!("{why}\nof the pings {planned:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Late ones, repeats and single ones included.
pub async fn any_order_and_any_grouping_give_the_same_ledger(capture: Capture) {
    for_any_pings(|planned| {
        let capture = capture.clone();
        async move {
            let (job, token) = job_and_token(&capture).await;
            let (pings, groups) = groups(&token, &planned);
            for pings in groups {
                capture.log(&pings).await;
            }
            same(&found(&capture, job).await, &expected(&pings))?;
            capture.ledger.assert_totals_are_sums().await;
            capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
            Ok(())
        }
    });
}

/// Whichever they are, and whenever they are taken back.
pub async fn pings_that_were_taken_back_might_as_well_not_have_been_sent(capture: Capture) {
    for_any_pings(|planned| {
        let capture = capture.clone();
        async move {
            let (job, token) = job_and_token(&capture).await;
            let (pings, groups) = groups(&token, &planned);
            for group in groups {
                capture.log(&group).await;
                for ping in group.iter().filter(|ping| ping.id.as_uuid().as_u128() % 3 == 0) {
                    capture.retract(ping.id).await.unwrap();
                }
            }
            let kept: Vec<_> = pings.into_iter().filter(|ping| ping.id.as_uuid().as_u128() % 3 != 0).collect();
            same(&found(&capture, job).await, &expected(&kept))?;
            capture.ledger.assert_totals_are_sums().await;
            capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
            Ok(())
        }
    });
}

/// Each sends a share, and what its neighbour sends, too.
pub async fn twenty_callers_at_once_give_the_same_ledger(capture: Capture) {
    const CALLERS: usize = 20;
    let (job, token) = job_and_token(&capture).await;
    let planned = |place: i64| Planned {
        seconds: place * 37,
        minutes: (place % 11 == 0).then_some(3),
        tells: place % 5 == 0,
        place: 0,
        ends_group: false,
        twice: false,
    };
    let pings: Vec<_> = (0..400).map(|place| ping(&token, &planned(place))).collect();
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
    assert_eq!(found(&capture, job).await, expected(&pings));
    capture.ledger.assert_totals_are_sums().await;
}
