//! When a task runs, as an operator writes it.

use serde::Deserialize;
use stint_worker::{Schedule, ScheduleError};

/// cron's five fields, in UTC; none if the task is turned off.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct TaskTimes(pub(crate) Option<Schedule>);

impl TryFrom<String> for TaskTimes {
    type Error = ScheduleError;

    fn try_from(text: String) -> Result<Self, ScheduleError> {
        if text.trim().is_empty() { Ok(Self(None)) } else { text.parse().map(|schedule| Self(Some(schedule))) }
    }
}
