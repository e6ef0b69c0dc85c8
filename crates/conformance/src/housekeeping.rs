//! What a [`Housekeeping`] owes.
//!
//! That nobody waits for it long cannot be shown here; an adapter's own tests look at how much one piece deletes.

use std::any::Any;
use std::sync::Arc;

use stint_domain::ports::job::CreateJob;
use stint_domain::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskState};
use stint_domain::ports::{Housekeeping, JobRepository, TaskLog};
use stint_domain::{Idempotency, Ping};

use crate::given::{at, create_job, idempotency};
use crate::ping::{signal, worked};
use crate::task::{all, begin, brief, end};
use crate::{Capture, Fixture};

/// An adapter over a fresh, empty ledger, with what its keys and its runs of tasks are made by.
#[derive(Clone)]
pub struct House {
    /// The adapter's jobs, which may be created with keys.
    pub jobs: Arc<dyn JobRepository>,
    /// The adapter's runs of tasks.
    pub tasks: Arc<dyn TaskLog>,
    /// The adapter's housekeeping, of the same ledger.
    pub housekeeping: Arc<dyn Housekeeping>,
    /// Keeps the database alive, and may remove it when dropped. Below the ports, because it is to be dropped last.
    pub guard: Arc<dyn Any + Send + Sync>,
}

impl House {
    /// An adapter that implements all three ports; `guard` keeps its database alive (`()` if nothing needs to).
    pub fn new<A>(adapter: A, guard: impl Any + Send + Sync) -> Self
    where
        A: JobRepository + TaskLog + Housekeeping + 'static,
    {
        let adapter = Arc::new(adapter);
        Self { jobs: adapter.clone(), tasks: adapter.clone(), housekeeping: adapter, guard: Arc::new(guard) }
    }

    /// Creates a job under this key so many seconds in; whether that was a repeat.
    async fn is_repeat(&self, key: &Idempotency, seconds: i64) -> bool {
        let command = CreateJob { at: at(seconds), idempotency: Some(key.clone()), ..create_job() };
        self.jobs.create(command).await.unwrap().replayed
    }
}

/// The same with pings.
#[derive(Clone)]
pub struct PingHouse {
    /// Pings, and the ledger that they are part of.
    pub capture: Capture,
    /// The adapter's housekeeping, of the same ledger.
    pub housekeeping: Arc<dyn Housekeeping>,
}

/// Makes one test of each duty of housekeeping on keys and runs of tasks. The argument is an `async fn() -> House`.
#[macro_export]
macro_rules! housekeeping {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (housekeeping) {
                keys_are_forgotten_that_were_first_used_before_the_moment,
                runs_are_forgotten_that_ended_before_the_moment,
                the_latest_run_of_each_task_is_kept,
                a_run_that_has_not_ended_is_kept,
            }
        }
    };
}

/// Makes one test of each duty of housekeeping on pings. The argument is an `async fn() -> PingHouse`.
#[macro_export]
macro_rules! housekeeping_of_pings {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (housekeeping) {
                pings_are_forgotten_whose_time_and_arrival_are_before_the_moment,
                what_forgotten_pings_proved_stays,
            }
        }
    };
}

/// To the microsecond; a repeat makes no key younger.
pub async fn keys_are_forgotten_that_were_first_used_before_the_moment(house: House) {
    let (old, young) = (idempotency(), idempotency());
    assert!(!house.is_repeat(&old, 9).await && !house.is_repeat(&young, 10).await);
    assert!(house.is_repeat(&old, 20).await);
    assert_eq!(house.housekeeping.prune_idempotency_keys(at(9)).await.unwrap(), 0);
    assert_eq!(house.housekeeping.prune_idempotency_keys(at(10)).await.unwrap(), 1);
    assert_eq!(house.housekeeping.prune_idempotency_keys(at(10)).await.unwrap(), 0);
    assert!(!house.is_repeat(&old, 21).await, "its key is free again");
    assert!(house.is_repeat(&young, 21).await);
}

/// To the microsecond, whenever they began.
pub async fn runs_are_forgotten_that_ended_before_the_moment(house: House) {
    let mut runs = Vec::new();
    for (attempt, ended) in [(1, 4), (2, 5), (3, 6), (4, 5)] {
        let command = BeginTask { at: at(-i64::from(attempt)), ..begin(attempt) };
        house.tasks.begin(command.clone()).await.unwrap();
        house.tasks.end(EndTask { at: at(ended), ..end(command.id, TaskState::Failed) }).await.unwrap();
        runs.push(command.id);
    }
    house.tasks.begin(begin(5)).await.unwrap();
    let left = async || {
        let tasks = Fixture { port: house.tasks.clone(), guard: house.guard.clone() };
        let ended = ListTaskRuns { state: Some(TaskState::Failed), ..ListTaskRuns::default() };
        all(&tasks, ended).await.into_iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(house.housekeeping.prune_task_runs(at(4)).await.unwrap(), 0);
    assert_eq!(house.housekeeping.prune_task_runs(at(5)).await.unwrap(), 1);
    assert_eq!(left().await, [runs[1], runs[2], runs[3]]);
    assert_eq!(house.housekeeping.prune_task_runs(at(6)).await.unwrap(), 2);
    assert_eq!(left().await, [runs[2]]);
}

/// It tells when the next one is due.
pub async fn the_latest_run_of_each_task_is_kept(house: House) {
    for (task, due, attempt) in [("prune", 0, 1), ("prune", 0, 2), ("prune", 1, 1), ("verify", 0, 1), ("verify", 0, 2)]
    {
        let command = BeginTask { task: task.into(), due: at(due), ..begin(attempt) };
        house.tasks.begin(command.clone()).await.unwrap();
        house.tasks.end(end(command.id, TaskState::Succeeded)).await.unwrap();
    }
    assert_eq!(house.housekeeping.prune_task_runs(at(1_000)).await.unwrap(), 3);
    for (task, due, attempt) in [("prune", 1, 1), ("verify", 0, 2)] {
        let kept = house.tasks.latest(task).await.unwrap().expect("the latest run is kept");
        assert_eq!((kept.due, kept.attempt), (at(due), attempt));
    }
}

/// However long ago it was to end.
pub async fn a_run_that_has_not_ended_is_kept(house: House) {
    for attempt in [1, 2] {
        assert!(house.tasks.begin(brief(attempt)).await.unwrap());
    }
    assert_eq!(house.housekeeping.prune_task_runs(at(1_000_000)).await.unwrap(), 0);
}

/// One that came late may still have neighbours to come, and one that came early is not old.
pub async fn pings_are_forgotten_whose_time_and_arrival_are_before_the_moment(house: PingHouse) {
    let (_, token) = house.capture.job_and_token().await;
    let (old, moment) = (signal(&token, 0), signal(&token, 60));
    let late = Ping { received_at: moment.received_at, ..signal(&token, 1) };
    let early = Ping { received_at: old.received_at, ..signal(&token, 61) };
    let retracted = signal(&token, 2);
    house.capture.log(&[old.clone(), late.clone(), early.clone(), moment.clone(), retracted.clone()]).await;
    house.capture.retract(retracted.id).await.unwrap();
    assert_eq!(house.housekeeping.prune_pings(old.at).await.unwrap(), 0);
    assert_eq!(house.housekeeping.prune_pings(moment.at).await.unwrap(), 2);
    assert_eq!(house.housekeeping.prune_pings(moment.at).await.unwrap(), 0);
    for (ping, is_kept) in [(&old, false), (&retracted, false), (&late, true), (&early, true), (&moment, true)] {
        assert_eq!(house.capture.pings.find(ping.id).await.unwrap().is_some(), is_kept, "{}", ping.at);
    }
}

/// Entries and totals, and that a day goes on from there.
pub async fn what_forgotten_pings_proved_stays(house: PingHouse) {
    let (job, token) = house.capture.job_and_token().await;
    house.capture.log(&[signal(&token, 0), signal(&token, 10), worked(&token, 0, 30)]).await;
    assert_eq!(house.housekeeping.prune_pings(at(90 * 86_400)).await.unwrap(), 3);
    assert_eq!(house.capture.ledger.total(job).await, 40);
    house.capture.log(&[signal(&token, 600), signal(&token, 605)]).await;
    assert_eq!(house.capture.ledger.total(job).await, 45);
    house.capture.ledger.assert_totals_are_sums().await;
}
