//! The same pings come to the same ledger: in any order, in any groups, from any number of callers at once.
//!
//! What they come to is worked out here from the whole set, by sorting it, which an adapter never does.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use stint_domain::ports::ping::LogPings;
use stint_domain::values::{CaptureRule, Gap, JobId, Timestamp, Zone};
use stint_domain::{Ping, Token};

use super::{Capture, minute, rule, signal};
use crate::concurrency::together;
use crate::given::{delete_job_with_entries, entries_of, minutes, summary};

/// How many sets are tried.
const SETS: u32 = 12;
/// East and west of UTC, and seconds from it: without any summer time, so that days can be counted here.
const ZONES: [(&str, i64); 4] =
    [("Asia/Kolkata", 19_800), ("UTC", 0), ("Pacific/Kiritimati", 50_400), ("America/Phoenix", -25_200)];
/// In seconds.
const GAPS: [i64; 4] = [900, 60, 7_200, 86_400];
const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// A place in each.
type Rule = (usize, usize);

/// A ping to be: microseconds after the suite's midnight, minutes if it is an entry, whether it tells something; how it is sent:
/// its place in the order, whether its group ends with it, and whether it is sent twice.
#[derive(Debug, Clone)]
struct Planned {
    micros: i64,
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
        1 => (0i64..12).prop_map(|steps| 61_200 + steps * 899),
        1 => (0i64..5).prop_map(|steps| steps * 43_190),
    ];
    let micros = (seconds, prop_oneof![3 => Just(0), 1 => 0i64..SECOND]);
    let planned = (micros, minutes, any::<bool>(), any::<u32>(), prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    vec(
        planned.prop_map(|((seconds, micros), minutes, tells, place, ends_group, twice)| Planned {
            micros: (seconds + 10 * 3_600) * SECOND + micros,
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
    let at = Timestamp::from_micros(minute(0).as_micros() + planned.micros).unwrap();
    let text = planned.tells.then(|| summary(&format!("at {}", planned.micros)));
    Ping { at, received_at: at, minutes: planned.minutes.map(minutes), summary: text, ..signal(token, 0) }
}

/// Day, minutes and summary of each entry that the pings come to, in order.
fn expected(pings: &[Ping], (zone, gap): Rule) -> Vec<(i64, u16, String)> {
    let micros = |ping: &Ping| ping.at.as_micros() - minute(0).as_micros() + ZONES[zone].1 * SECOND;
    let text = |ping: &Ping| ping.summary.as_ref().map(|text| text.as_str().to_owned());
    let entries = pings.iter().filter_map(|ping| Some((ping, ping.minutes?.get())));
    let mut expected: Vec<_> = entries
        .map(|(ping, minutes)| (micros(ping).div_euclid(DAY), minutes, text(ping).unwrap_or_default()))
        .collect();

    let mut signals: Vec<_> = pings.iter().filter(|ping| ping.minutes.is_none()).collect();
    signals.sort_by_key(|ping| (ping.at, ping.id));
    let (mut proved, mut told): (BTreeMap<i64, i64>, BTreeMap<i64, String>) = (BTreeMap::new(), BTreeMap::new());
    for pair in signals.windows(2) {
        let (mut from, to) = (micros(pair[0]), micros(pair[1]));
        let counts = to - from < GAPS[gap] * SECOND;
        while counts && from < to {
            let end = to.min((from.div_euclid(DAY) + 1) * DAY);
            *proved.entry(from.div_euclid(DAY)).or_default() += end - from;
            from = end;
        }
    }
    for ping in signals {
        told.extend(text(ping).map(|text| (micros(ping).div_euclid(DAY), text)));
    }
    for (day, micros) in proved {
        match u16::try_from((micros / (60 * SECOND)).min(1440)).unwrap() {
            0 => {}
            minutes => expected.push((day, minutes, told.remove(&day).unwrap_or_default())),
        }
    }
    expected.sort();
    expected
}

/// The same of the entries that the job has.
async fn found(capture: &Capture, job: JobId) -> Vec<(i64, u16, String)> {
    let first = minute(0).as_micros() / DAY;
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

async fn job_and_token(capture: &Capture, (zone, gap): Rule) -> (JobId, Token) {
    let job = capture.ledger.open_job().await.id;
    let zone: Zone = ZONES[zone].0.parse().unwrap();
    (job, capture.token(CaptureRule { zone, gap: Gap::new(GAPS[gap]).unwrap(), ..rule(job) }).await)
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
fn for_any_pings<F>(body: impl Fn(Rule, Vec<Planned>) -> F)
where
    F: Future<Output = Result<(), TestCaseError>>,
{
    let runtime = tokio::runtime::Handle::current();
    let config = Config { cases: SETS, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let result = tokio::task::block_in_place(|| {
        let any_rule = (0..ZONES.len(), prop_oneof![3 => Just(0), 2 => 1..GAPS.len()]);
        TestRunner::new(config).run(&(any_rule, any_pings()), |(rule, planned)| runtime.block_on(body(rule, planned)))
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, planned)) => panic!("{why}\nof zone and gap, and the pings {planned:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}

/// Late ones, repeats and single ones included.
pub async fn any_order_and_any_grouping_give_the_same_ledger(capture: Capture) {
    for_any_pings(|rule, planned| {
        let capture = capture.clone();
        async move {
            let (job, token) = job_and_token(&capture, rule).await;
            let (pings, groups) = groups(&token, &planned);
            for pings in groups {
                capture.log(&pings).await;
            }
            same(&found(&capture, job).await, &expected(&pings, rule))?;
            capture.ledger.assert_totals_are_sums().await;
            capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
            Ok(())
        }
    });
}

/// Whichever they are, and whenever they are taken back.
pub async fn pings_that_were_taken_back_might_as_well_not_have_been_sent(capture: Capture) {
    for_any_pings(|rule, planned| {
        let capture = capture.clone();
        async move {
            let (job, token) = job_and_token(&capture, rule).await;
            let (pings, groups) = groups(&token, &planned);
            let chance = |ping: &Ping| ping.id.as_uuid().as_u128() % 7;
            for group in groups {
                capture.log(&group).await;
                // Some at once, before others come around them.
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
            same(&found(&capture, job).await, &expected(&kept, rule))?;
            capture.ledger.assert_totals_are_sums().await;
            capture.ledger.jobs.delete(delete_job_with_entries(job)).await.unwrap();
            Ok(())
        }
    });
}

/// Each sends a share, and what its neighbour sends, too.
pub async fn twenty_callers_at_once_give_the_same_ledger(capture: Capture) {
    const CALLERS: usize = 20;
    let (job, token) = job_and_token(&capture, (0, 0)).await;
    let planned = |place: i64| Planned {
        micros: place * 37 * SECOND,
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
    assert_eq!(found(&capture, job).await, expected(&pings, (0, 0)));
    capture.ledger.assert_totals_are_sums().await;
}
