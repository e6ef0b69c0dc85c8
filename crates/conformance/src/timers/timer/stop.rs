//! Stopping a timer.

use std::time::Duration;

use stint_domain::people::Person;
use stint_domain::timers::ports::timer::{NotLogged, StopTimer, StopTimerError};
use stint_domain::timers::{Timer, TimerEnd, TimerEndError, TimerMinutes};
use stint_domain::values::{TimeEntryId, TimerId, Timestamp};

use super::{Timers, start, start_at, stop_at, time, times};
use crate::given::{at, delete_entry, entry, fresh, job_id, record, set_minutes};
use crate::people::person::person;

fn moment(text: &str) -> Timestamp {
    Timestamp::from_datetime(text.parse().unwrap()).unwrap()
}

async fn in_zone(timers: &Timers, handle: &str, zone: &str) -> Person {
    timers.people.store(Person { time_zone: zone.parse().unwrap(), ..person(handle) }).await
}

/// A stop of the timer so many seconds after the start of the suite's time, with this end.
fn told(timer: &Timer, seconds: i64, end: TimerEnd) -> StopTimer {
    StopTimer { end, ..stop_at(timer, seconds) }
}

fn after(minutes: i64) -> TimerEnd {
    TimerEnd::After(TimerMinutes::new(minutes).unwrap())
}

/// As one entry of the person, with the summary of the timer.
pub async fn a_stop_logs_the_time_and_ends_the_timer(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let stopped = timers.stop(stop_at(&timer, 90)).await;
    assert_eq!((stopped.id, stopped.minutes), (timer.id, 2));
    assert_eq!(times(&stopped.entries), [time("2023-11-14", 2)]);
    let logged = &stopped.entries[0];
    assert_eq!((logged.id, logged.related_job), (TimeEntryId::of_timer(timer.id, 0), job.id));
    assert_eq!((&logged.work_summary, logged.created_by.as_str()), (&timer.work_summary, "ada"));
    assert_eq!((logged.created_at, logged.updated_at), (at(90), at(90)));
    assert_eq!(timers.running(&ada).await, None);
    assert_eq!(timers.entries(job.id).await, stopped.entries);
    assert_eq!(timers.job(job.id).await.total_minutes.get(), 2);
}

/// A moment or a number of minutes, between the start and now.
pub async fn a_stop_logs_the_time_up_to_the_end_that_was_told(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    for (end, minutes) in [(TimerEnd::At(at(600)), 10), (after(25), 25), (TimerEnd::At(at(0)), 0)] {
        let timer = timers.start(start(&ada, &job)).await;
        let stopped = timers.stop(told(&timer, 3600, end)).await;
        assert_eq!(stopped.minutes, minutes, "{end:?}");
    }
    let timer = timers.start(start(&ada, &job)).await;
    for (end, refusal) in [
        (TimerEnd::At(at(-1)), TimerEndError::BeforeStart(at(0))),
        (TimerEnd::At(at(3600 + 61)), TimerEndError::Future(at(3600))),
        (after(62), TimerEndError::More(61)),
    ] {
        let refused = timers.timers.stop(told(&timer, 3600, end)).await;
        let is_it = matches!(&refused, Err(StopTimerError::NotLogged(NotLogged::End(error))) if *error == refusal);
        assert!(is_it, "{refused:?}");
    }
    assert_eq!(timers.running(&ada).await, Some(timer));
    assert_eq!(timers.job(job.id).await.total_minutes.get(), 35);
}

/// In the zone that the person has at the stop. The job changes once.
pub async fn a_stop_logs_one_entry_for_each_day_of_the_persons_zone(timers: Timers) {
    let job = timers.open_job().await;
    // From 22:13:20 UTC on.
    for (zone, days) in [
        ("UTC", vec![time("2023-11-14", 107), time("2023-11-15", 13)]),
        ("Europe/Berlin", vec![time("2023-11-14", 47), time("2023-11-15", 73)]),
        ("America/New_York", vec![time("2023-11-14", 120)]),
        ("Asia/Kathmandu", vec![time("2023-11-15", 120)]),
        ("Australia/Lord_Howe", vec![time("2023-11-15", 120)]),
    ] {
        let person = in_zone(&timers, &zone.replace('/', "-"), zone).await;
        let before = timers.job(job.id).await;
        let timer = timers.start(start(&person, &job)).await;
        let stopped = timers.stop(stop_at(&timer, 7200)).await;
        assert_eq!((stopped.minutes, times(&stopped.entries)), (120, days), "{zone}");
        let after = timers.job(job.id).await;
        assert_eq!(after.total_minutes.get(), before.total_minutes.get() + 120);
        assert_eq!(after.version, before.version.next());
    }
    timers.assert_sums().await;
}

/// An entry has at most 1440 minutes, so a day of 25 hours has two.
pub async fn a_stop_logs_a_whole_day_on_which_the_clocks_change(timers: Timers) {
    let (ada, job) = (in_zone(&timers, "ada", "Europe/Berlin").await, timers.open_job().await);
    for (from, hours, days) in [
        ("2026-03-28T23:00:00Z", 23, vec![time("2026-03-29", 1380)]),
        ("2026-10-24T22:00:00Z", 25, vec![time("2026-10-25", 1440), time("2026-10-25", 60)]),
    ] {
        let from = moment(from);
        let timer = timers.start(super::StartTimer { started_at: Some(from), at: from, ..start(&ada, &job) }).await;
        let until = from.later(Duration::from_hours(hours));
        let stopped = timers.stop(StopTimer { at: until, end: TimerEnd::At(until), ..stop_at(&timer, 0) }).await;
        assert_eq!((u64::from(stopped.minutes), times(&stopped.entries)), (hours * 60, days));
    }
    timers.assert_sums().await;
}

/// Not even an archived job is in the way then.
pub async fn a_stop_below_half_a_minute_logs_nothing(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    timers.archive(job.id).await;
    for _ in 0..2 {
        let stopped = timers.stop(stop_at(&timer, 29)).await;
        assert_eq!((stopped.id, stopped.minutes, stopped.entries), (timer.id, 0, vec![]));
    }
    assert_eq!(timers.running(&ada).await, None);
    assert_eq!(timers.entries(job.id).await, []);
}

/// Also after the next timer started, whatever else the repeat says.
pub async fn a_repeated_stop_returns_the_same_entries_and_logs_nothing(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let first = timers.stop(stop_at(&timer, 7200)).await;
    assert_eq!(first.entries.len(), 2);
    assert_eq!(timers.stop(stop_at(&timer, 9000)).await, first);
    let next = timers.start(start_at(&ada, &job, 9000)).await;
    let repeat = StopTimer { related_job: Some(job_id()), ..told(&timer, 9600, after(1)) };
    assert_eq!(timers.stop(repeat).await, first);
    assert_eq!(timers.running(&ada).await, Some(next));
    assert_eq!(timers.job(job.id).await.total_minutes.get(), 120);
}

/// Changed ones are shown as they are now, deleted ones are left out.
pub async fn a_repeated_stop_shows_the_entries_as_they_are(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let first = timers.stop(stop_at(&timer, 7200)).await;
    let entries = &timers.people.ledger.time_entries;
    entries.delete(delete_entry(first.entries[0].id)).await.unwrap();
    let changed = entries.update(set_minutes(first.entries[1].id, 45)).await.unwrap();
    let repeated = timers.stop(stop_at(&timer, 7200)).await;
    assert_eq!((repeated.minutes, repeated.entries), (120, vec![changed]));
}

/// Also when another person has it, running or ended.
pub async fn a_timer_that_the_person_never_had_is_not_found(timers: Timers) {
    let (ada, bob) = (timers.people.member("ada").await, timers.people.member("bob").await);
    let job = timers.open_job().await;
    let timer = timers.start(start(&ada, &job)).await;
    let of_bob = StopTimer { person: bob.id, ..stop_at(&timer, 600) };
    let unknown = StopTimer { id: TimerId::new(fresh()), ..stop_at(&timer, 600) };
    for command in [of_bob.clone(), unknown] {
        let refused = timers.timers.stop(command.clone()).await;
        assert!(matches!(refused, Err(StopTimerError::NotFound(id)) if id == command.id), "{refused:?}");
    }
    assert_eq!(timers.running(&ada).await, Some(timer.clone()));
    timers.stop(stop_at(&timer, 600)).await;
    let refused = timers.timers.stop(of_bob).await;
    assert!(matches!(refused, Err(StopTimerError::NotFound(_))), "{refused:?}");
}

/// It goes on until then.
pub async fn a_timer_of_more_than_a_day_stops_when_its_end_is_told(timers: Timers) {
    const HOURS: i64 = 340;
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let refused = timers.timers.stop(stop_at(&timer, HOURS * 3600)).await;
    let untold = matches!(
        refused,
        Err(StopTimerError::NotLogged(NotLogged::End(TimerEndError::Untold(since)))) if since == at(0)
    );
    assert!(untold, "{refused:?}");
    assert_eq!(timers.running(&ada).await.as_ref(), Some(&timer));
    let stopped = timers.stop(told(&timer, HOURS * 3600, TimerEnd::At(at(HOURS * 3600)))).await;
    assert_eq!(stopped.minutes, 340 * 60);
    // From a late evening over 14 whole days into a night.
    assert_eq!(stopped.entries.len(), 16);
    timers.assert_sums().await;
}

/// One that is archived, and one that was deleted.
pub async fn a_timer_of_a_job_that_takes_no_time_stops_with_another_job(timers: Timers) {
    let (ada, bob) = (timers.people.member("ada").await, timers.people.member("bob").await);
    let (archived, gone, other) = (timers.open_job().await, timers.open_job().await, timers.open_job().await);
    let of_archived = timers.start(start(&ada, &archived)).await;
    let of_gone = timers.start(start(&bob, &gone)).await;
    timers.archive(archived.id).await;
    timers.delete(gone.id).await;
    for (timer, expected) in [
        (&of_archived, NotLogged::JobArchived(archived.id).to_string()),
        (&of_gone, NotLogged::JobNotFound(gone.id).to_string()),
    ] {
        let refused = timers.timers.stop(stop_at(timer, 600)).await;
        let is_it = matches!(&refused, Err(StopTimerError::NotLogged(why)) if why.to_string() == expected);
        assert!(is_it, "{refused:?}");
        let elsewhere = StopTimer { related_job: Some(other.id), ..stop_at(timer, 600) };
        assert_eq!(timers.stop(elsewhere).await.entries[0].related_job, other.id);
    }
    assert_eq!(timers.job(other.id).await.total_minutes.get(), 20);
}

/// None of the other entries is stored.
pub async fn a_taken_entry_id_is_refused_and_the_timer_goes_on(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let taken = stint_domain::ledger::ports::time_entry::NewTimeEntry {
        id: TimeEntryId::of_timer(timer.id, 1),
        ..entry(job.id)
    };
    timers.people.ledger.time_entries.record(record(taken.clone())).await.unwrap();
    let refused = timers.timers.stop(stop_at(&timer, 7200)).await;
    let is_it = matches!(refused, Err(StopTimerError::NotLogged(NotLogged::EntryIdTaken(id))) if id == taken.id);
    assert!(is_it, "{refused:?}");
    assert_eq!(timers.entries(job.id).await.len(), 1);
    assert_eq!(timers.running(&ada).await.as_ref(), Some(&timer));
    timers.people.ledger.time_entries.delete(delete_entry(taken.id)).await.unwrap();
    assert_eq!(timers.stop(stop_at(&timer, 7200)).await.entries.len(), 2);
}
