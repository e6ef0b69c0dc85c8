//! Writes of timers at the same time.

use stint_domain::timers::ports::timer::{StartTimer, StartTimerError, StopTimerError};

use super::{Timers, start, start_at, stop_at};
use crate::given::at;
use crate::ledger::concurrency::race;
use crate::people::person::deactivate;
use crate::suite::unless_refused;

const ROUNDS: usize = 4;
const RACERS: usize = 20;

/// Each of the others has ended, and none of them logged anything, because hardly any time passed. A write that waits may
/// have an earlier time than the one before it.
pub async fn of_racing_starts_one_timer_runs(timers: Timers) {
    for round in 0..ROUNDS {
        let (ada, job) = (timers.people.member(&format!("ada{round}")).await, timers.open_job().await);
        let started = race(round, RACERS, |racer| {
            let late = at(20 - i64::try_from(racer).unwrap());
            let (timers, command) = (timers.clone(), StartTimer { started_at: None, at: late, ..start(&ada, &job) });
            async move { timers.timers.start(command).await.unwrap() }
        })
        .await;
        let running = timers.running(&ada).await.expect("one runs");
        let mut ended: Vec<_> = started.iter().filter_map(|each| Some(each.stopped.as_ref()?.id)).collect();
        ended.push(running.id);
        let mut all: Vec<_> = started.iter().map(|each| each.timer.id).collect();
        all.sort_unstable();
        ended.sort_unstable();
        assert_eq!(ended, all);
        assert_eq!(timers.entries(job.id).await, []);
    }
}

/// The first one gets the time until the others started, once.
pub async fn of_racing_starts_of_timers_with_a_past_the_time_counts_once(timers: Timers) {
    for round in 0..ROUNDS {
        let (ada, job) = (timers.people.member(&format!("ada{round}")).await, timers.open_job().await);
        timers.start(start(&ada, &job)).await;
        race(round, RACERS, |_| {
            let command = StartTimer { at: at(7200), ..start_at(&ada, &job, 3600) };
            let timers = timers.clone();
            async move { timers.timers.start(command).await.unwrap() }
        })
        .await;
        assert_eq!(timers.job(job.id).await.total_minutes.get(), 60);
    }
}

/// All of them get it, whichever moment counted.
pub async fn racing_stops_make_one_set_of_entries(timers: Timers) {
    for round in 0..ROUNDS {
        let (ada, job) = (timers.people.member(&format!("ada{round}")).await, timers.open_job().await);
        let timer = timers.start(start(&ada, &job)).await;
        let stopped = race(round, RACERS, |racer| {
            let command = stop_at(&timer, 7200 + i64::try_from(racer).unwrap() * 60);
            let timers = timers.clone();
            async move { timers.stop(command).await }
        })
        .await;
        assert!(stopped.iter().all(|each| *each == stopped[0]), "{stopped:?}");
        assert_eq!(timers.entries(job.id).await.len(), stopped[0].entries.len());
        assert_eq!(timers.job(job.id).await.total_minutes.get(), u64::from(stopped[0].minutes));
    }
}

/// Whichever comes first ends the timer.
pub async fn a_stop_and_a_start_that_race_log_the_time_once(timers: Timers) {
    for round in 0..2 * ROUNDS {
        let (ada, job) = (timers.people.member(&format!("ada{round}")).await, timers.open_job().await);
        let timer = timers.start(start(&ada, &job)).await;
        race(round, 2, |racer| {
            let (timers, stop, next) = (timers.clone(), stop_at(&timer, 3600), start_at(&ada, &job, 3600));
            async move {
                if racer == 0 {
                    assert_eq!(timers.stop(stop).await.minutes, 60);
                } else {
                    timers.start(next).await;
                }
            }
        })
        .await;
        assert_eq!(timers.job(job.id).await.total_minutes.get(), 60);
        assert!(timers.running(&ada).await.is_some_and(|running| running.id != timer.id));
    }
}

/// Its time is logged or not, whole.
pub async fn no_timer_runs_that_starts_during_a_deactivation(timers: Timers) {
    for round in 0..2 * ROUNDS {
        let (ada, job) = (timers.people.member(&format!("ada{round}")).await, timers.open_job().await);
        let timer = timers.start(start(&ada, &job)).await;
        race(round, 4, |racer| {
            let (timers, stop, next) = (timers.clone(), stop_at(&timer, 3600), start_at(&ada, &job, 3600));
            let command = deactivate(ada.id);
            async move {
                match racer {
                    0 => drop(timers.people.update(command).await),
                    1 => drop(unless_refused!(timers.timers.stop(stop).await, StopTimerError::NotFound(_))),
                    _ => drop(unless_refused!(timers.timers.start(next).await, StartTimerError::PersonInactive(_))),
                }
            }
        })
        .await;
        assert_eq!(timers.running(&ada).await, None);
        assert!([0, 60].contains(&timers.job(job.id).await.total_minutes.get()));
        timers.assert_sums().await;
    }
}
