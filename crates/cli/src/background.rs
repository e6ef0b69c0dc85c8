//! Background work: draining the queue, running tasks at their times, and the queue's gauges. `stint worker` does all
//! of it. `stint serve` shows the gauges, and does the rest if the settings say that no other process does.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use prometheus_client::registry::Registry;
use stint_worker::{
    Drain, DrainLimits, PingMetrics, PruneIdempotencyKeys, PrunePings, PruneSessions, PruneTaskRuns, QueueGauges,
    Retries, Runner, Scheduled, Scheduler, Shutdown, Stop, Task, TaskMetrics, VerifyTotals, supervise,
};
use tokio::task::JoinHandle;

use crate::settings::{Settings, TaskTimes};
use crate::wiring::Ports;

/// The longest that a run of a task may take: enough to add up a large ledger.
const TASK_LIMIT: Duration = Duration::from_mins(30);

/// Background work that is ready to start.
pub(crate) struct Background {
    gauges: Arc<QueueGauges>,
    work: Option<(Arc<Drain>, Arc<Scheduler>)>,
}

/// Background work that runs. Dropping this tells it to end, without waiting.
pub(crate) struct Running {
    stop: Stop,
    parts: Vec<JoinHandle<()>>,
}

impl Background {
    /// Prepares everything and registers its metrics in `registry`. Without `work`, only the gauges.
    pub(crate) fn prepare(settings: &Settings, ports: &Ports, registry: &mut Registry, work: bool) -> Self {
        let pings = PingMetrics::new(registry);
        let gauges = QueueGauges {
            queue: ports.capture.queue.clone(),
            clock: ports.sources.clock.clone(),
            metrics: pings.clone(),
        };
        let work = work.then(|| {
            let instance = instance(ports);
            let metrics = TaskMetrics::new(registry);
            let limits = DrainLimits {
                group: settings.worker.group,
                abandoned_after: settings.worker.abandoned_after.0,
                ..DrainLimits::new(&instance)
            };
            let (queue, ledger) = (ports.capture.queue.clone(), ports.capture.pings.clone());
            let drain = Drain::new(queue, ledger, ports.sources.clock.clone(), limits, pings);
            let tasks = tasks(settings, ports, &metrics).into_iter();
            let with_times = tasks.filter_map(|(task, times)| Some(Scheduled { task, schedule: times.0? })).collect();
            let scheduler = Scheduler::new(with_times, Arc::new(runner(ports, instance, metrics)));
            (Arc::new(drain), Arc::new(scheduler))
        });
        Self { gauges: Arc::new(gauges), work }
    }

    /// Starts it.
    pub(crate) fn start(self) -> Running {
        let (stop, shutdown) = Stop::new();
        let Self { gauges, work } = self;
        let mut parts = vec![tokio::spawn(gauged(gauges, shutdown.clone()))];
        if let Some((drain, scheduler)) = work {
            parts.push(tokio::spawn(drained(drain, shutdown.clone())));
            parts.push(tokio::spawn(scheduled(scheduler, shutdown)));
        }
        Running { stop, parts }
    }
}

async fn gauged(gauges: Arc<QueueGauges>, shutdown: Shutdown) {
    supervise("gauges", shutdown.clone(), || {
        let (gauges, shutdown) = (gauges.clone(), shutdown.clone());
        async move { gauges.run(&shutdown).await }
    })
    .await;
}

async fn drained(drain: Arc<Drain>, shutdown: Shutdown) {
    supervise("drain", shutdown.clone(), || {
        let (drain, shutdown) = (drain.clone(), shutdown.clone());
        async move { drain.run(&shutdown).await }
    })
    .await;
}

async fn scheduled(scheduler: Arc<Scheduler>, shutdown: Shutdown) {
    supervise("scheduler", shutdown.clone(), || {
        let (scheduler, shutdown) = (scheduler.clone(), shutdown.clone());
        async move { scheduler.run(&shutdown).await }
    })
    .await;
}

impl Running {
    /// Tells it to end, and waits until the current group is settled and a running task is stopped.
    pub(crate) async fn stop(self) {
        self.stop.request();
        for part in self.parts {
            if let Err(error) = part.await {
                tracing::error!(%error, "background work failed while it ended");
            }
        }
    }
}

/// Every task with its times.
pub(crate) fn tasks(settings: &Settings, ports: &Ports, metrics: &TaskMetrics) -> [(Arc<dyn Task>, TaskTimes); 5] {
    let (times, retention) = (settings.tasks.clone(), &settings.retention);
    let housekeeping = || ports.housekeeping.clone();
    let keys = PruneIdempotencyKeys { housekeeping: housekeeping(), kept: retention.idempotency_keys.0 };
    let pings = PrunePings { housekeeping: housekeeping(), kept: retention.pings.0 };
    let runs = PruneTaskRuns { housekeeping: housekeeping(), kept: retention.task_runs.0 };
    let sessions = PruneSessions { housekeeping: housekeeping(), kept: retention.sessions.0 };
    let totals = VerifyTotals { totals: ports.totals.clone(), metrics: metrics.clone() };
    [
        (Arc::new(keys), times.prune_idempotency_keys),
        (Arc::new(pings), times.prune_pings),
        (Arc::new(sessions), times.prune_sessions),
        (Arc::new(runs), times.prune_task_runs),
        (Arc::new(totals), times.verify_totals),
    ]
}

/// The runner of tasks in this process, which also records the runs.
pub(crate) fn runner(ports: &Ports, instance: String, metrics: TaskMetrics) -> Runner {
    Runner {
        log: ports.tasks.clone(),
        clock: ports.sources.clock.clone(),
        ids: ports.sources.ids.clone(),
        instance,
        limit: TASK_LIMIT,
        retries: Retries::default(),
        metrics,
    }
}

/// A name that no other process has. In containers all processes may have the same number and host name.
pub(crate) fn instance(ports: &Ports) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.split_whitespace().next().unwrap_or("localhost");
    let id = ports.sources.ids.generate().simple().to_string();
    // Only the end of an id is random; its beginning is the time.
    format!("{host}-{}-{}", std::process::id(), &id[id.len() - 8..])
}
