//! The Prometheus metrics of background work. All labels are words of this program, so that no ping can increase the
//! number of series.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use stint_domain::background::ports::task::TaskState;
use stint_domain::capture::PingOutcome;
use stint_domain::capture::ports::ping::PingStatus;
use stint_domain::capture::ports::ping_queue::QueueDepth;
use stint_domain::values::Timestamp;

/// Metrics about pings. Clones share them.
#[derive(Debug, Clone)]
pub struct PingMetrics {
    drained: Family<OutcomeLabels, Counter>,
    pub(crate) buried: Counter,
    pub(crate) group_size: Histogram,
    pub(crate) group_seconds: Histogram,
    lag: Histogram,
    depth: Gauge,
    oldest: Gauge<f64, AtomicU64>,
    dead: Gauge,
    up: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
    /// Why it was ignored; empty when it was not.
    reason: &'static str,
}

impl PingMetrics {
    /// Makes metrics and registers them as `stint_pings_…`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            drained: Family::default(),
            buried: Counter::default(),
            // 1 to 1,024 pings.
            group_size: Histogram::new(exponential_buckets(1.0, 2.0, 11)),
            // 1 ms to 16 s.
            group_seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            // 10 ms to 46 hours.
            lag: Histogram::new(exponential_buckets(0.01, 4.0, 13)),
            depth: Gauge::default(),
            oldest: Gauge::default(),
            dead: Gauge::default(),
            up: Gauge::default(),
        };
        let pings = registry.sub_registry_with_prefix("stint_pings");
        pings.register("drained", "Pings logged, by what became of them", metrics.drained.clone());
        pings.register("buried", "Pings that could not be logged and were set aside", metrics.buried.clone());
        pings.register("group_size", "Pings logged together", metrics.group_size.clone());
        pings.register("group_seconds", "Time that a group took to be logged", metrics.group_seconds.clone());
        pings.register("lag_seconds", "Time from a ping's arrival until it was logged", metrics.lag.clone());
        pings.register("queue_depth", "Pings that are not settled yet", metrics.depth.clone());
        pings.register("queue_oldest_seconds", "Age of the oldest of them, 0 without any", metrics.oldest.clone());
        pings.register("dead", "Pings that were set aside and wait to be replayed", metrics.dead.clone());
        pings.register("queue_up", "Whether the queue answers; if not, its gauges are old", metrics.up.clone());
        metrics
    }

    /// Counts a ping that the ledger has logged.
    pub(crate) fn drained(&self, outcome: &PingOutcome, received_at: Timestamp, now: Timestamp) {
        let reason = match outcome {
            PingOutcome::Ignored(refusal) => refusal.as_str(),
            PingOutcome::Logged(_) | PingOutcome::Retracted => "",
        };
        let labels = OutcomeLabels { outcome: PingStatus::from(outcome).as_str(), reason };
        self.drained.get_or_create(&labels).inc();
        self.lag.observe(seconds_between(received_at, now));
    }

    /// Shows how full the queue is; `None` when the queue does not answer.
    pub(crate) fn show(&self, depth: Option<QueueDepth>, now: Timestamp) {
        self.up.set(depth.is_some().into());
        if let Some(QueueDepth { waiting, oldest, dead }) = depth {
            self.depth.set(waiting.cast_signed());
            self.oldest.set(oldest.map_or(0.0, |oldest| seconds_between(oldest, now)));
            self.dead.set(dead.cast_signed());
        }
    }
}

/// Metrics about tasks. Clones share them.
#[derive(Debug, Clone)]
pub struct TaskMetrics {
    runs: Family<RunLabels, Counter>,
    seconds: Family<TaskLabel, Histogram, fn() -> Histogram>,
    last_success: Family<TaskLabel, Gauge<f64, AtomicU64>>,
    drifted: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    task: &'static str,
    result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabel {
    task: &'static str,
}

impl TaskMetrics {
    /// Makes metrics and registers them as `stint_task_…` and `stint_totals_drifted_jobs`.
    pub fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            runs: Family::default(),
            // 10 ms to 11 minutes.
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 4.0, 9))),
            last_success: Family::default(),
            drifted: Gauge::default(),
        };
        let registry = registry.sub_registry_with_prefix("stint");
        registry.register("task_runs", "Runs of tasks that ended here, by result", metrics.runs.clone());
        registry.register("task_run_seconds", "Time that a run of a task took", metrics.seconds.clone());
        registry.register(
            "task_last_success_timestamp_seconds",
            "When a run of a task last ended well, here or elsewhere",
            metrics.last_success.clone(),
        );
        registry.register(
            "totals_drifted_jobs",
            "Jobs whose total is not the sum of their entries, as the latest audit here found",
            metrics.drifted.clone(),
        );
        metrics
    }

    /// Counts a run that ended.
    pub(crate) fn ended(&self, task: &'static str, state: TaskState, took: Duration, now: Timestamp) {
        self.runs.get_or_create(&RunLabels { task, result: state.as_str() }).inc();
        self.seconds.get_or_create(&TaskLabel { task }).observe(took.as_secs_f64());
        if state == TaskState::Succeeded {
            self.succeeded(task, now);
        }
    }

    /// Shows when a run last succeeded.
    pub(crate) fn succeeded(&self, task: &'static str, at: Timestamp) {
        self.last_success.get_or_create(&TaskLabel { task }).set(seconds(at.as_micros()));
    }

    /// Shows how many drifted jobs an audit found.
    pub(crate) fn drifted(&self, jobs: usize) {
        self.drifted.set(i64::try_from(jobs).unwrap_or(i64::MAX));
    }
}

/// Never negative, even when clocks differ.
fn seconds_between(earlier: Timestamp, later: Timestamp) -> f64 {
    seconds(later.as_micros().saturating_sub(earlier.as_micros()).max(0))
}

#[expect(clippy::cast_precision_loss, reason = "exact to the microsecond for centuries, which is more than is shown")]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}
