//! A model that computes the time of pings from the sorted set, which an adapter never does; and random sets of
//! pings.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use stint_domain::access::Token;
use stint_domain::capture::{CaptureRule, Gap, Ping, PingTarget};
use stint_domain::values::{JobId, Timestamp, Zone};

use super::{Capture, minute, rule, signal};
use crate::given::{entries_of, minutes, summary};

/// How many sets are tried.
const SETS: u32 = 12;
/// For how many jobs the pings of one token are.
pub(super) const JOBS: usize = 3;
/// Zones east and west of UTC, with their offset in seconds. None has summer time, so that days can be counted here.
const ZONES: [(&str, i64); 4] =
    [("Asia/Kolkata", 19_800), ("UTC", 0), ("Pacific/Kiritimati", 50_400), ("America/Phoenix", -25_200)];
/// In seconds.
const GAPS: [i64; 4] = [900, 60, 7_200, 86_400];
pub(super) const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// An index into each of them.
pub(super) type Rule = (usize, usize);

/// An entry, derived or not: the index of its job, its day, minutes and summary.
pub(super) type Found = (usize, i64, u16, String);

/// The plan of a ping: microseconds after the suite's midnight, the index of its job, its minutes if it is an entry,
/// and whether it has a summary. And how it is sent: its position, whether its group ends with it, and whether it is
/// sent twice.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub(super) micros: i64,
    pub(super) job: usize,
    pub(super) minutes: Option<i64>,
    pub(super) tells: bool,
    pub(super) place: u32,
    pub(super) ends_group: bool,
    pub(super) twice: bool,
}

/// Pings whose distances are small or close to the gap, sometimes at the same moment, across two midnights.
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
    let job = prop_oneof![3 => Just(0), 2 => 0..JOBS];
    let sent = (any::<u32>(), prop::bool::weighted(0.3), prop::bool::weighted(0.2));
    vec(
        (micros, job, minutes, any::<bool>(), sent).prop_map(
            |((seconds, micros), job, minutes, tells, (place, ends_group, twice))| Planned {
                micros: (seconds + 10 * 3_600) * SECOND + micros,
                job,
                minutes,
                tells,
                place,
                ends_group,
                twice,
            },
        ),
        1..40,
    )
}

pub(super) fn ping(token: &Token, jobs: &[JobId], planned: &Planned) -> Ping {
    let at = Timestamp::from_micros(minute(0).as_micros() + planned.micros).unwrap();
    let text = planned.tells.then(|| summary(&format!("at {}", planned.micros)));
    let target = PingTarget::Job(jobs[planned.job]);
    Ping { target, at, received_at: at, minutes: planned.minutes.map(minutes), summary: text, ..signal(token, 0) }
}

/// The pings of the stream, in order.
fn in_order(pings: &[Ping]) -> Vec<&Ping> {
    let mut signals: Vec<_> = pings.iter().filter(|ping| ping.minutes.is_none()).collect();
    signals.sort_by_key(|ping| (ping.at, ping.id));
    signals
}

/// The entries that the pings must lead to, in order.
pub(super) fn expected(pings: &[Ping], jobs: &[JobId], (zone, gap): Rule) -> Vec<Found> {
    let micros = |ping: &Ping| ping.at.as_micros() - minute(0).as_micros() + ZONES[zone].1 * SECOND;
    let text = |ping: &Ping| ping.summary.as_ref().map(|text| text.as_str().to_owned());
    let job = |ping: &Ping| jobs.iter().position(|job| ping.target == PingTarget::Job(*job)).unwrap();
    let entries = pings.iter().filter_map(|ping| Some((ping, ping.minutes?.get())));
    let mut expected: Vec<_> = entries
        .map(|(ping, minutes)| (job(ping), micros(ping).div_euclid(DAY), minutes, text(ping).unwrap_or_default()))
        .collect();

    let signals = in_order(pings);
    let (mut proved, mut told): (BTreeMap<_, i64>, BTreeMap<_, String>) = (BTreeMap::new(), BTreeMap::new());
    for pair in signals.windows(2) {
        let (mut from, to) = (micros(pair[0]), micros(pair[1]));
        let counts = to - from < GAPS[gap] * SECOND;
        while counts && from < to {
            let end = to.min((from.div_euclid(DAY) + 1) * DAY);
            *proved.entry((job(pair[0]), from.div_euclid(DAY))).or_default() += end - from;
            from = end;
        }
    }
    for ping in signals {
        told.extend(text(ping).map(|text| ((job(ping), micros(ping).div_euclid(DAY)), text)));
    }
    for ((job, day), micros) in proved {
        match u16::try_from((micros / (60 * SECOND)).min(1440)).unwrap() {
            0 => {}
            minutes => expected.push((job, day, minutes, told.remove(&(job, day)).unwrap_or_default())),
        }
    }
    expected.sort();
    expected
}

/// Whether the ping lies within time that the signals prove without it.
pub(super) fn divides(signals: &[Ping], ping: &Ping, (_, gap): Rule) -> bool {
    in_order(signals).windows(2).any(|pair| {
        (pair[0].at, pair[0].id) < (ping.at, ping.id)
            && ping.at < pair[1].at
            && pair[1].at.as_micros() - pair[0].at.as_micros() < GAPS[gap] * SECOND
    })
}

/// The most minutes that the signals can lead to, whatever else happened: the time that passed.
pub(super) fn of_the_clock(pings: &[Ping], (_, gap): Rule) -> i64 {
    let spans =
        in_order(pings).windows(2).map(|pair| pair[1].at.as_micros() - pair[0].at.as_micros()).collect::<Vec<_>>();
    spans.into_iter().filter(|span| *span < GAPS[gap] * SECOND).sum::<i64>() / (60 * SECOND)
}

/// The entries of the jobs, in order.
pub(super) async fn found(capture: &Capture, jobs: &[JobId]) -> Vec<Found> {
    let first = minute(0).as_micros() / DAY;
    let epoch = chrono::NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    let mut found = Vec::new();
    for (place, job) in jobs.iter().enumerate() {
        for entry in capture.ledger.all_entries(entries_of(*job)).await {
            let day = (entry.date_stamp.as_date() - epoch).num_days() - first;
            found.push((place, day, entry.minutes_worked.get(), entry.work_summary.as_str().to_owned()));
        }
    }
    found.sort();
    found
}

pub(super) async fn jobs_and_token(capture: &Capture, (zone, gap): Rule) -> (Vec<JobId>, Token) {
    let mut jobs = Vec::new();
    for _ in 0..JOBS {
        jobs.push(capture.ledger.open_job().await.id);
    }
    let zone: Zone = ZONES[zone].0.parse().unwrap();
    let token = capture.token(CaptureRule { zone, gap: Gap::new(GAPS[gap]).unwrap(), ..rule(jobs[0]) }).await;
    (jobs, token)
}

/// The pings, and the groups in which they are sent.
pub(super) fn groups(token: &Token, jobs: &[JobId], planned: &[Planned]) -> (Vec<Ping>, Vec<Vec<Ping>>) {
    let pings: Vec<_> = planned.iter().map(|planned| ping(token, jobs, planned)).collect();
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

pub(super) fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Result<(), TestCaseError> {
    if found == expected {
        return Ok(());
    }
    Err(TestCaseError::fail(format!("the entries are\n{found:?}\ninstead of\n{expected:?}")))
}

/// Runs `body` on many sets of pings, each of a token of its own.
pub(super) fn for_any_pings<F>(capture: &Capture, body: impl Fn(Capture, Rule, Vec<Planned>) -> F)
where
    F: Future<Output = Result<(), TestCaseError>>,
{
    let runtime = tokio::runtime::Handle::current();
    let config = Config { cases: SETS, max_shrink_iters: 200, failure_persistence: None, ..Config::default() };
    let result = tokio::task::block_in_place(|| {
        let any_rule = (0..ZONES.len(), prop_oneof![3 => Just(0), 2 => 1..GAPS.len()]);
        let body = |(rule, planned)| runtime.block_on(body(capture.clone(), rule, planned));
        TestRunner::new(config).run(&(any_rule, any_pings()), body)
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(why, planned)) => panic!("{why}\nof zone and gap, and the pings {planned:#?}"),
        Err(TestError::Abort(why)) => panic!("{why}"),
    }
}
