//! Decides when a task runs next, only from its latest run, its schedule and the current time. So every instance
//! decides the same.
//!
//! - A task that never ran begins at once, as if it had missed its latest time. It runs once, however many times were
//!   missed.
//! - A failed run is tried again, after longer and longer waits, up to the last attempt. The next scheduled time
//!   begins with attempt 1.
//! - A run that has not ended within its time limit was given up by its process, and counts as failed.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use stint_domain::background::ports::task::{TaskRun, TaskState};
use stint_domain::values::Timestamp;
use thiserror::Error;

/// How far back a scheduled time is searched for: the last February 29 may be eight years ago.
const YEARS_BACK: i64 = 9;

/// Scheduled times in UTC, in cron's five fields: minute, hour, day of the month, month, day of the week.
#[derive(Clone)]
pub struct Schedule(Cron);

/// The text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ScheduleError {
    /// It is no cron expression.
    #[error("must be five fields (minute, hour, day of month, month, day of week; in UTC) such as `20 3 * * *`: {0}")]
    Malformed(String),
    /// It is a cron expression, but no moment matches it.
    #[error("must name a moment that comes")]
    Never,
}

impl FromStr for Schedule {
    type Err = ScheduleError;

    fn from_str(text: &str) -> Result<Self, ScheduleError> {
        if text.split_whitespace().count() != 5 {
            return Err(ScheduleError::Malformed("there are not five".to_owned()));
        }
        let cron = Cron::new(text).parse().map_err(|error| ScheduleError::Malformed(error.to_string()))?;
        let schedule = Self(cron);
        match schedule.first_after(DateTime::UNIX_EPOCH) {
            Some(_) => Ok(schedule),
            None => Err(ScheduleError::Never),
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str())
    }
}

impl Schedule {
    /// The first scheduled time after a moment.
    fn next(&self, after: Timestamp) -> Result<Timestamp, ScheduleError> {
        self.first_after(after.as_datetime()).ok_or(ScheduleError::Never)
    }

    /// The latest scheduled time that is not after a moment. The cron library only looks ahead, so the search starts
    /// further and further back.
    fn previous(&self, until: Timestamp) -> Option<Timestamp> {
        let mut back = TimeDelta::minutes(1);
        while back <= TimeDelta::days(366 * YEARS_BACK) {
            let mut found =
                self.first_after(until.as_datetime().checked_sub_signed(back)?).filter(|first| *first <= until);
            if found.is_some() {
                while let Some(next) = found.and_then(|last| self.first_after(last.as_datetime()))
                    && next <= until
                {
                    found = Some(next);
                }
                return found;
            }
            back = back * 2;
        }
        None
    }

    fn first_after(&self, after: DateTime<Utc>) -> Option<Timestamp> {
        let next = self.0.find_next_occurrence(&after, false).ok()?;
        Timestamp::from_datetime(next).ok()
    }
}

/// How a failed run is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// The most attempts, including the first one.
    pub attempts: u32,
    /// The wait after the first failure. It doubles after each further one.
    pub first: TimeDelta,
}

impl Default for Retries {
    /// Five attempts within about a quarter of an hour: after 1, 2, 4 and 8 minutes.
    fn default() -> Self {
        Self { attempts: 5, first: TimeDelta::minutes(1) }
    }
}

impl Retries {
    /// The state of a run whose attempt failed.
    pub fn state_after(self, attempt: u32) -> TaskState {
        if attempt < self.attempts { TaskState::Failed } else { TaskState::Dead }
    }

    /// When the attempt after this one begins.
    fn next(self, attempt: u32, failed_at: Timestamp) -> Timestamp {
        // Bounded: 20 doublings of a minute are two years.
        let doubled = 1_i64 << attempt.saturating_sub(1).min(20);
        let micros = self.first.num_microseconds().unwrap_or(i64::MAX).saturating_mul(doubled);
        Timestamp::from_micros(failed_at.as_micros().saturating_add(micros)).unwrap_or(failed_at)
    }
}

/// What to do about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Begin this attempt now.
    Begin {
        /// The scheduled time.
        due: Timestamp,
        /// The attempt, counted from 1.
        attempt: u32,
    },
    /// Record that the latest run was given up, and decide again.
    GiveUp,
    /// Do nothing until then.
    Wait {
        /// Decide again at this time at the latest.
        until: Timestamp,
    },
}

/// Decides what to do about a task, from its latest run. Fails when the schedule has no further time.
pub fn decide(
    schedule: &Schedule,
    retries: Retries,
    latest: Option<&TaskRun>,
    now: Timestamp,
) -> Result<Decision, ScheduleError> {
    if let Some(run) = latest {
        match run.state {
            TaskState::Running if now < run.until => return Ok(Decision::Wait { until: run.until }),
            TaskState::Running => return Ok(Decision::GiveUp),
            TaskState::Failed if run.attempt < retries.attempts => {
                let again = retries.next(run.attempt, run.ended_at.unwrap_or(run.until));
                return Ok(if again <= now {
                    Decision::Begin { due: run.due, attempt: run.attempt + 1 }
                } else {
                    Decision::Wait { until: again }
                });
            }
            TaskState::Failed | TaskState::Succeeded | TaskState::Dead => {}
        }
    }
    let done = latest.map(|run| run.due);
    Ok(match schedule.previous(now).filter(|due| done.is_none_or(|done| *due > done)) {
        Some(due) => Decision::Begin { due, attempt: 1 },
        None => Decision::Wait { until: schedule.next(now)? },
    })
}

#[cfg(test)]
mod tests;
