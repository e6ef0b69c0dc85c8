//! What pings do to a ledger, without a database. The conformance suite tests their results in any order.

use stint_domain::capture::{CaptureRule, CaptureTarget, Gap, PingTarget};
use stint_domain::ledger::ports::time_entry::{TimeEntryChanges, UpdateTimeEntry};
use stint_domain::ledger::{Job, JobName, Precondition, TotalMinutes};
use stint_domain::values::{Subject, TimeEntryId, Zone};
use uuid::Uuid;

use super::*;

const JOB: JobId = JobId::new(Uuid::from_u128(1));
const TOKEN: TokenId = TokenId::new(Uuid::from_u128(2));

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(minutes * 60_000_000).unwrap()
}

fn ledger() -> Ledger {
    let mut ledger = Ledger::new("test");
    let job = Job::new(JOB, JobName::new("Research").unwrap(), JobStatus::Open, at(0));
    ledger.jobs.insert(JOB, job);
    ledger
}

/// A ping so many minutes after midnight.
fn ping(minute: i64) -> Ping {
    Ping {
        id: PingId::new(Uuid::from_u128(u128::from(minute.unsigned_abs()) + 10)),
        token: TOKEN,
        subject: Subject::new("ada").unwrap(),
        target: PingTarget::Job(JOB),
        zone: Zone::UTC,
        gap: Gap::default(),
        at: at(minute),
        received_at: at(minute),
        minutes: None,
        summary: None,
    }
}

fn log(ledger: &mut Ledger, captured: &mut Captured, pings: &[Ping]) -> Logged {
    let aimed: Vec<_> = pings.iter().map(|ping| Aimed { ping, job: Some(JOB) }).collect();
    let around = Around::of(&aimed, captured);
    ledger.log(captured, &aimed, &around, at(5_000)).unwrap()
}

fn day(days: i64) -> DateStamp {
    Zone::UTC.day_of(at(days * 1_440))
}

fn entry_id(date: DateStamp) -> TimeEntryId {
    CapturedDay { job: JOB, token: TOKEN, date }.entry_id()
}

fn minutes(ledger: &Ledger, date: DateStamp) -> Option<u16> {
    ledger.entries.get(&entry_id(date)).map(|entry| entry.minutes_worked.get())
}

#[test]
fn signals_less_than_the_gap_apart_prove_the_time_between_them() {
    let (mut ledger, mut captured) = (ledger(), Captured::default());
    log(&mut ledger, &mut captured, &[ping(0), ping(14), ping(29)]);
    // 14 minutes are less than 15; 15 are not.
    assert_eq!(minutes(&ledger, day(0)), Some(14));
    log(&mut ledger, &mut captured, &[ping(20)]);
    assert_eq!(minutes(&ledger, day(0)), Some(29));
    assert_eq!(ledger.jobs[&JOB].total_minutes.get(), 29);
}

#[test]
fn a_span_over_midnight_is_an_entry_on_each_day() {
    let (mut ledger, mut captured) = (ledger(), Captured::default());
    let logged = log(&mut ledger, &mut captured, &[ping(1_435), ping(1_447)]);
    assert_eq!((minutes(&ledger, day(0)), minutes(&ledger, day(1))), (Some(5), Some(7)));
    assert_eq!(logged.outcomes[1], PingOutcome::Logged(entry_id(day(1))));
}

#[test]
fn what_somebody_changed_is_theirs() {
    let (mut ledger, mut captured) = (ledger(), Captured::default());
    log(&mut ledger, &mut captured, &[ping(0), ping(10)]);
    let id = entry_id(day(0));
    let changes = TimeEntryChanges { minutes_worked: Minutes::new(60).ok(), ..TimeEntryChanges::default() };
    ledger.update(&UpdateTimeEntry { id, changes, owner: None, at: at(1), precondition: Precondition::None }).unwrap();
    let logged = log(&mut ledger, &mut captured, &[ping(20)]);
    assert_eq!(logged.outcomes, [PingOutcome::Ignored(PingRefusal::EntryDetached)]);
    assert_eq!(minutes(&ledger, day(0)), Some(60));
}

#[test]
fn taking_a_signal_back_takes_back_what_it_proves() {
    let (mut ledger, mut captured) = (ledger(), Captured::default());
    let logged = log(&mut ledger, &mut captured, &[ping(0), ping(10), ping(20)]);
    let rule = CaptureRule { target: CaptureTarget::Job(JOB), zone: Zone::UTC, gap: Gap::default() };
    let subject = Subject::new("ada").unwrap();
    let mut retract = |ledger: &mut Ledger, place: usize| {
        let retraction =
            Retraction { ping: &logged.new[place].ping, mark: Mark { job: JOB, anew: false }, rule, subject: &subject };
        let around = retraction.around(&captured);
        ledger.retract(&mut captured, &retraction, &around, None, at(6_000)).unwrap();
    };
    retract(&mut ledger, 2);
    assert_eq!(minutes(&ledger, day(0)), Some(10));
    retract(&mut ledger, 0);
    assert_eq!(minutes(&ledger, day(0)), None);
    assert_eq!(ledger.jobs[&JOB].total_minutes, TotalMinutes::ZERO);
}
