//! Runs tasks at their scheduled times: for each task it waits, begins a run that is due, and records how it ended.
//!
//! Any number of instances may do this: the log of runs lets one of them begin each attempt. The time comes from the
//! clock port. As another instance may act in the meantime, each looks at the log again after a minute at most.

mod runner;

use std::sync::Arc;
use std::time::Duration;

use stint_domain::BackendError;
use stint_domain::background::ports::task::{EndTask, TaskRun, TaskState};
use stint_domain::values::Timestamp;
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::reason::reason;
use crate::schedule::{Decision, Schedule, decide};
use crate::shutdown::Shutdown;
use crate::standing::Standing;
use crate::task::Task;

pub use runner::Runner;

/// The longest wait between two looks at the log of runs.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// How long to wait when another instance has just begun the same run.
const GIVE_WAY: Duration = Duration::from_secs(1);

/// A task and its schedule.
#[derive(Clone)]
pub struct Scheduled {
    /// The task to run.
    pub task: Arc<dyn Task>,
    /// Its scheduled times.
    pub schedule: Schedule,
}

/// Runs tasks at their scheduled times.
pub struct Scheduler {
    tasks: Vec<Scheduled>,
    runner: Arc<Runner>,
}

impl Scheduler {
    /// A scheduler that has not started.
    pub fn new(tasks: Vec<Scheduled>, runner: Arc<Runner>) -> Self {
        Self { tasks, runner }
    }

    /// Runs until it is told to end. Then it stops the current runs and records them as failed.
    pub async fn run(&self, shutdown: &Shutdown) {
        let mut tasks = JoinSet::new();
        for scheduled in &self.tasks {
            let (scheduled, runner, shutdown) = (scheduled.clone(), self.runner.clone(), shutdown.clone());
            tasks.spawn(async move { attend(&scheduled, &runner, &shutdown).await });
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
    }
}

/// Runs one task at its scheduled times.
async fn attend(scheduled: &Scheduled, runner: &Runner, shutdown: &Shutdown) {
    let log = Standing::of("the log of task runs");
    while !shutdown.is_requested() {
        let wait = match step(scheduled, runner, shutdown).await {
            Ok(wait) => {
                log.works();
                wait
            }
            Err(error) => Backoff::default().after(log.failed(&error)),
        };
        shutdown.sleep(wait).await;
    }
}

/// Does what is due now, and returns how long to wait.
async fn step(scheduled: &Scheduled, runner: &Runner, shutdown: &Shutdown) -> Result<Duration, BackendError> {
    let task = &*scheduled.task;
    let latest = runner.log.latest(task.name()).await?;
    if let Some(run) = &latest {
        task.notice(run);
        if let (TaskState::Succeeded, Some(at)) = (run.state, run.ended_at) {
            runner.metrics.succeeded(task.name(), at);
        }
    }
    let now = runner.clock.now();
    match decide(&scheduled.schedule, runner.retries, latest.as_ref(), now) {
        Ok(Decision::Begin { due, attempt }) => {
            let begun = runner.run(&scheduled.task, due, attempt, shutdown).await?;
            Ok(if begun.is_some() { Duration::ZERO } else { GIVE_WAY })
        }
        Ok(Decision::GiveUp) => {
            if let Some(run) = latest {
                give_up(runner, run, now).await?;
            }
            Ok(Duration::ZERO)
        }
        Ok(Decision::Wait { until }) => Ok(between(now, until).min(LOOK_EVERY)),
        Err(error) => {
            tracing::error!(task = task.name(), reason = reason(&error), "a task has no time to run at");
            Ok(LOOK_EVERY)
        }
    }
}

/// Records that the run's process has given up, for example because it was killed.
async fn give_up(runner: &Runner, run: TaskRun, now: Timestamp) -> Result<(), BackendError> {
    let state = runner.retries.state_after(run.attempt);
    let detail = format!("given up: it had not ended by {}", run.until);
    tracing::warn!(task = run.task, run = %run.id, instance = run.instance, detail, "a run of a task failed");
    runner.log.end(EndTask { id: run.id, state, detail, at: now }).await
}

fn between(now: Timestamp, until: Timestamp) -> Duration {
    let micros = until.as_micros().saturating_sub(now.as_micros());
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}

#[cfg(test)]
mod tests;
