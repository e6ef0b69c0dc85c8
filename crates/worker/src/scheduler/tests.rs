//! Tasks over a log in memory and a paused clock, which advances as the tests wait.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, ListTaskRuns, TaskRunCursor};
use stint_domain::{BackendErrorKind, IdGenerator, Page};
use tokio::task::JoinHandle;

use super::*;
use crate::metrics::TaskMetrics;
use crate::schedule::Retries;
use crate::shutdown::Stop;
use crate::task::TaskError;
use crate::test::{TestClock, at, failure, ping};

/// Runs, and the failures of the next calls.
#[derive(Default)]
struct TestLog {
    runs: Mutex<Vec<TaskRun>>,
    failures: Mutex<u32>,
}

impl TestLog {
    fn may_fail(&self) -> Result<(), BackendError> {
        let mut failures = self.failures.lock().unwrap();
        match failures.checked_sub(1) {
            Some(left) => {
                *failures = left;
                Err(failure(BackendErrorKind::Unavailable))
            }
            None => Ok(()),
        }
    }

    /// Attempt, state and detail of each run.
    fn told(&self) -> Vec<(u32, TaskState, String)> {
        self.runs.lock().unwrap().iter().map(|run| (run.attempt, run.state, run.detail.clone())).collect()
    }
}

#[async_trait]
impl TaskLog for TestLog {
    async fn begin(
        &self,
        BeginTask { id, task, due, attempt, instance, at, until }: BeginTask,
    ) -> Result<bool, BackendError> {
        self.may_fail()?;
        let mut runs = self.runs.lock().unwrap();
        if runs.iter().any(|run| (&run.task, run.due, run.attempt) == (&task, due, attempt)) {
            return Ok(false);
        }
        if runs.iter().any(|run| run.task == task && run.state == TaskState::Running && run.until > at) {
            return Ok(false);
        }
        let (state, detail) = (TaskState::Running, String::new());
        runs.push(TaskRun { id, task, due, attempt, instance, started_at: at, until, ended_at: None, state, detail });
        Ok(true)
    }

    async fn end(&self, command: EndTask) -> Result<(), BackendError> {
        self.may_fail()?;
        let mut runs = self.runs.lock().unwrap();
        let run = runs.iter_mut().find(|run| run.id == command.id && run.state == TaskState::Running);
        if let Some(run) = run {
            (run.state, run.detail, run.ended_at) = (command.state, command.detail, Some(command.at));
        }
        Ok(())
    }

    async fn latest(&self, task: &str) -> Result<Option<TaskRun>, BackendError> {
        self.may_fail()?;
        let runs = self.runs.lock().unwrap();
        Ok(runs.iter().filter(|run| run.task == task).max_by_key(|run| (run.due, run.attempt)).cloned())
    }

    async fn list(&self, _query: ListTaskRuns) -> Result<Page<TaskRun, TaskRunCursor>, BackendError> {
        unimplemented!("nobody asks")
    }
}

/// Ids from consecutive numbers.
#[derive(Default)]
struct TestIds(AtomicU32);

impl IdGenerator for TestIds {
    fn generate(&self) -> uuid::Uuid {
        ping(&self.0.fetch_add(1, Ordering::Relaxed).to_string()).id.as_uuid()
    }
}

/// A task whose runs end as listed, and then succeed.
#[derive(Default)]
struct TestTask(Mutex<VecDeque<End>>);

enum End {
    Fails,
    Lasts,
    Panics,
    Hangs,
}

#[async_trait]
impl Task for TestTask {
    fn name(&self) -> &'static str {
        "test"
    }

    async fn run(&self, _now: Timestamp) -> Result<String, TaskError> {
        let end = self.0.lock().unwrap().pop_front();
        match end {
            None => Ok("done".to_owned()),
            Some(End::Fails) => Err(TaskError::passing("no luck")),
            Some(End::Lasts) => Err(TaskError::lasting("no use")),
            Some(End::Panics) => panic!("no sense"),
            Some(End::Hangs) => std::future::pending().await,
        }
    }
}

/// So many instances over one log.
struct Instances {
    log: Arc<TestLog>,
    registry: Registry,
    stop: Stop,
    handles: Vec<JoinHandle<()>>,
}

impl Instances {
    /// Starts the instances. The task is due each hour at 13 past; the tests start 20 seconds after that.
    fn start(count: usize, ends: impl IntoIterator<Item = End>, log: TestLog) -> Self {
        let (log, (stop, shutdown)) = (Arc::new(log), Stop::new());
        let mut registry = Registry::default();
        let metrics = TaskMetrics::new(&mut registry);
        let task: Arc<dyn Task> = Arc::new(TestTask(Mutex::new(ends.into_iter().collect())));
        let (clock, ids) = (TestClock::new(), Arc::<TestIds>::default());
        let start = |number| {
            let runner = Arc::new(Runner {
                log: log.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
                instance: format!("instance {number}"),
                limit: Duration::from_mins(10),
                retries: Retries::default(),
                metrics: metrics.clone(),
            });
            let schedule = "13 * * * *".parse().unwrap();
            let scheduler = Scheduler::new(vec![Scheduled { task: task.clone(), schedule }], runner);
            let shutdown = shutdown.clone();
            tokio::spawn(async move { scheduler.run(&shutdown).await })
        };
        let handles = (0..count).map(start).collect();
        Self { log, registry, stop, handles }
    }

    async fn stopped(self) -> Arc<TestLog> {
        self.stop.request();
        for handle in self.handles {
            handle.await.unwrap();
        }
        self.log
    }
}

async fn minutes(minutes: u64) {
    tokio::time::sleep(Duration::from_mins(minutes)).await;
}

fn done(attempt: u32) -> (u32, TaskState, String) {
    (attempt, TaskState::Succeeded, "done".to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_task_runs_at_the_start_and_at_its_times() {
    let instances = Instances::start(1, [], TestLog::default());
    minutes(150).await;
    let log = instances.stopped().await;
    assert_eq!(log.told(), [done(1), done(1), done(1)]);
    let started: Vec<_> = log.runs.lock().unwrap().iter().map(|run| run.started_at).collect();
    assert_eq!(started, [at(0), at(3_580), at(7_180)]);
}

#[tokio::test(start_paused = true)]
async fn of_many_instances_one_runs_it() {
    let instances = Instances::start(20, [], TestLog::default());
    minutes(61).await;
    assert_eq!(instances.stopped().await.told(), [done(1), done(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_failure_and_a_panic_are_recorded_and_tried_again() {
    let instances = Instances::start(2, [End::Fails, End::Panics], TestLog::default());
    minutes(10).await;
    let failed = |attempt, detail: &str| (attempt, TaskState::Failed, detail.to_owned());
    assert_eq!(instances.log.told(), [failed(1, "no luck"), failed(2, "panicked: no sense"), done(3)]);
    let mut metrics = String::new();
    encode(&mut metrics, &instances.registry).unwrap();
    for line in [
        r#"stint_task_runs_total{task="test",result="failed"} 2"#,
        r#"stint_task_runs_total{task="test",result="succeeded"} 1"#,
        r#"stint_task_last_success_timestamp_seconds{task="test"} 1700000"#,
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    instances.stopped().await;
}

#[tokio::test(start_paused = true)]
async fn after_five_attempts_it_is_dead_until_its_next_time() {
    let instances = Instances::start(1, [const { End::Fails }; 5], TestLog::default());
    minutes(50).await;
    let told = instances.log.told();
    assert_eq!(told.iter().map(|(attempt, ..)| *attempt).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(told[3].1, TaskState::Failed);
    assert_eq!(told[4].1, TaskState::Dead);
    minutes(15).await;
    assert_eq!(instances.stopped().await.told()[5..], [done(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_lasting_failure_is_not_tried_again() {
    let instances = Instances::start(1, [End::Lasts], TestLog::default());
    minutes(50).await;
    assert_eq!(instances.stopped().await.told(), [(1, TaskState::Dead, "no use".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_hangs_is_cut_off() {
    let instances = Instances::start(1, [End::Hangs], TestLog::default());
    minutes(12).await;
    let log = instances.stopped().await;
    assert_eq!(log.told(), [(1, TaskState::Failed, "cut off after 600s".to_owned()), done(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_run_of_a_process_that_died_is_given_up_and_tried_again() {
    let dying = Instances::start(1, [End::Hangs], TestLog::default());
    minutes(1).await;
    dying.handles.iter().for_each(JoinHandle::abort);
    let runs = dying.log.runs.lock().unwrap().clone();
    assert_eq!(runs[0].state, TaskState::Running);
    // The instances' clock starts again, so the run is as old as if it had begun just now.
    let instances = Instances::start(2, [], TestLog { runs: Mutex::new(runs), ..TestLog::default() });
    minutes(15).await;
    let told = instances.stopped().await.told();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].1 == TaskState::Failed && told[0].2.starts_with("given up: it had not ended by "), "{told:?}");
    assert_eq!(told[1], done(2));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_says_so() {
    let instances = Instances::start(1, [End::Hangs], TestLog::default());
    minutes(1).await;
    let told = instances.stopped().await.told();
    assert_eq!(told, [(1, TaskState::Failed, "cut off because its process was stopped".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_is_out_of_reach_for_a_while_is_waited_for() {
    let instances = Instances::start(1, [], TestLog { failures: Mutex::new(3), ..TestLog::default() });
    minutes(5).await;
    assert_eq!(instances.stopped().await.told(), [done(1)]);
}
