//! One run of a task: begun in the log, limited in time, and recorded with its end, whatever that was.

use std::sync::Arc;
use std::time::Duration;

use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, TaskState};
use stint_domain::values::{TaskRunId, Timestamp};
use stint_domain::{BackendError, Clock, IdGenerator};
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::backoff::Backoff;
use crate::metrics::TaskMetrics;
use crate::reason::bounded;
use crate::schedule::Retries;
use crate::shutdown::Shutdown;
use crate::supervise::panicked;
use crate::task::{Task, TaskError};

/// How much longer than its limit a run counts as running, so that its own process can record the end.
const MARGIN: Duration = Duration::from_mins(1);
/// How long to try to record the end of a run after the process was told to end.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Runs tasks and records their runs.
pub struct Runner {
    /// The log of runs.
    pub log: Arc<dyn TaskLog>,
    /// For the times of runs.
    pub clock: Arc<dyn Clock>,
    /// For the ids of runs.
    pub ids: Arc<dyn IdGenerator>,
    /// The name of this process.
    pub instance: String,
    /// How long a run may take.
    pub limit: Duration,
    /// How a failed run is tried again.
    pub retries: Retries,
    /// The metrics to update.
    pub metrics: TaskMetrics,
}

impl Runner {
    /// Runs a task, unless another instance has begun the same run. Returns the final state and what the task said.
    pub async fn run(
        &self,
        task: &Arc<dyn Task>,
        due: Timestamp,
        attempt: u32,
        shutdown: &Shutdown,
    ) -> Result<Option<(TaskState, String)>, BackendError> {
        let (id, name, at) = (TaskRunId::new(self.ids.generate()), task.name(), self.clock.now());
        let (instance, until) = (self.instance.clone(), later(at, self.limit + MARGIN));
        let begin = BeginTask { id, task: name.to_owned(), due, attempt, instance, at, until };
        if !self.log.begin(begin).await? {
            return Ok(None);
        }
        tracing::info!(task = name, run = %id, attempt, "a task begins");
        let started = Instant::now();
        let (state, detail) = match self.result(task.clone(), at, shutdown).await {
            Ok(detail) => (TaskState::Succeeded, bounded(detail)),
            Err(error) if error.lasting => (TaskState::Dead, error.reason),
            Err(error) => (self.retries.state_after(attempt), error.reason),
        };
        let now = self.clock.now();
        // Before the line: whoever reads it finds the run counted.
        self.metrics.ended(name, state, started.elapsed(), now);
        match state {
            TaskState::Succeeded => tracing::info!(task = name, run = %id, detail, "a task ended"),
            TaskState::Dead => tracing::error!(task = name, run = %id, detail, "a task failed for the last time"),
            _ => tracing::warn!(task = name, run = %id, attempt, detail, "a task failed and is tried again"),
        }
        self.record(EndTask { id, state, detail: detail.clone(), at: now }, shutdown).await?;
        Ok(Some((state, detail)))
    }

    /// The result of the task. It runs in a task of its own, so that its panic is a failure like others.
    async fn result(&self, task: Arc<dyn Task>, now: Timestamp, shutdown: &Shutdown) -> Result<String, TaskError> {
        // It ends when this is dropped.
        let mut running = JoinSet::new();
        running.spawn(async move { task.run(now).await });
        tokio::select! {
            biased;
            Some(ended) = running.join_next() => ended.unwrap_or_else(|panic| {
                Err(TaskError::passing(format!("panicked: {}", panicked(panic))))
            }),
            () = tokio::time::sleep(self.limit) => {
                Err(TaskError::passing(format!("cut off after {:?}", self.limit)))
            }
            () = shutdown.requested() => Err(TaskError::passing("cut off because its process was stopped")),
        }
    }

    /// Records the end. Tries until the run counts as given up anyway.
    async fn record(&self, end: EndTask, shutdown: &Shutdown) -> Result<(), BackendError> {
        let too_late = Instant::now() + MARGIN;
        for failures in 1.. {
            let Err(error) = self.log.end(end.clone()).await else { break };
            let wait = Backoff::default().after(failures);
            if Instant::now() + wait > too_late {
                return Err(error);
            }
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = shutdown.overdue(LAST_WORDS) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The moment `by` after `at`, or `at` itself when there is no such moment.
fn later(at: Timestamp, by: Duration) -> Timestamp {
    let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
    Timestamp::from_micros(at.as_micros().saturating_add(micros)).unwrap_or(at)
}
