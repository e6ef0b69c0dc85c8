//! The duties of a [`TaskLog`].

use std::cmp::Reverse;

use futures::FutureExt;
use stint_domain::background::ports::TaskLog;
use stint_domain::background::ports::task::{BeginTask, EndTask, ListTaskRuns, TaskRun, TaskState};
use stint_domain::values::{TaskRunId, Timestamp};

use crate::Fixture;
use crate::given::{at, fresh, size};
use crate::ledger::concurrency::{race, together};
use crate::suite::walk;

/// A log without runs.
pub type Tasks = Fixture<dyn TaskLog>;

/// Makes one test of each duty of a log of task runs. The argument is an `async fn() -> Fixture<dyn TaskLog>`.
#[macro_export]
macro_rules! task_log {
    ($factory:expr) => {
        $crate::clauses! { $factory;
            (background::task) {
                a_run_reads_back_as_it_began_and_as_it_ended,
                of_twenty_instances_that_begin_a_run_one_may,
                of_twenty_runs_of_a_task_that_begin_together_one_may,
                no_run_begins_while_another_of_the_task_has_time,
                who_began_a_run_is_told_so_again,
                another_task_due_time_or_attempt_is_another_run,
                a_run_that_ended_stays_as_it_is,
                of_racing_ends_of_a_run_one_stays,
                ending_an_unknown_run_changes_nothing,
                the_latest_run_is_that_of_the_latest_due_time_and_attempt,
                runs_are_listed_latest_first_page_by_page,
                a_listing_of_runs_can_be_narrowed,
            }
        }
    };
}

/// Every field.
pub async fn a_run_reads_back_as_it_began_and_as_it_ended(tasks: Tasks) {
    assert_eq!(tasks.port.latest("prune").await.unwrap(), None);
    for state in [TaskState::Succeeded, TaskState::Failed, TaskState::Dead] {
        let command = BeginTask { due: at(state as i64), ..begin(1) };
        assert!(tasks.port.begin(command.clone()).await.unwrap());
        let running = running(&command);
        assert_eq!(tasks.port.latest("prune").await.unwrap().as_ref(), Some(&running));
        let ended = end(command.id, state);
        tasks.port.end(ended.clone()).await.unwrap();
        let expected = TaskRun { ended_at: Some(ended.at), state, detail: ended.detail, ..running };
        assert_eq!(tasks.port.latest("prune").await.unwrap(), Some(expected));
    }
}

/// All begin the same task, due time and attempt, each under its own id.
pub async fn of_twenty_instances_that_begin_a_run_one_may(tasks: Tasks) {
    for attempt in 1..=3 {
        let may = together(20, |number| {
            let port = tasks.port.clone();
            async move { port.begin(BeginTask { instance: format!("{number}"), ..brief(attempt) }).await.unwrap() }
        })
        .await;
        assert_eq!(may.into_iter().filter(|may| *may).count(), 1);
    }
    assert_eq!(all(&tasks, ListTaskRuns::default()).await.len(), 3);
}

/// For example when a person runs the task by hand at the moment that it is due: the runs have different due times.
pub async fn of_twenty_runs_of_a_task_that_begin_together_one_may(tasks: Tasks) {
    for round in 0..3 {
        let commands: Vec<_> = (0..20).map(|number| BeginTask { due: at(100 * round + number), ..begin(1) }).collect();
        let may = together(20, |number| {
            let (port, command) = (tasks.port.clone(), commands[number].clone());
            async move { port.begin(command.clone()).await.unwrap().then_some(command.id) }
        })
        .await;
        let begun: Vec<_> = may.into_iter().flatten().collect();
        assert_eq!(begun.len(), 1);
        tasks.port.end(end(begun[0], TaskState::Succeeded)).await.unwrap();
    }
    assert_eq!(all(&tasks, ListTaskRuns::default()).await.len(), 3, "nobody else's is recorded");
}

/// To the microsecond, whatever its due time or attempt.
pub async fn no_run_begins_while_another_of_the_task_has_time(tasks: Tasks) {
    let first = begin(1);
    assert!(tasks.port.begin(first.clone()).await.unwrap());
    let last = Timestamp::from_micros(first.until.as_micros() - 1).unwrap();
    for refused in [begin(2), BeginTask { due: at(-1), ..begin(1) }, BeginTask { due: at(1), at: last, ..begin(1) }] {
        assert!(!tasks.port.begin(refused).await.unwrap());
    }
    assert!(tasks.port.begin(BeginTask { task: "verify".into(), ..begin(1) }).await.unwrap());
    let (later, until) = (first.until, at(900));
    let second = BeginTask { due: at(1), at: later, until, ..begin(1) };
    assert!(tasks.port.begin(second.clone()).await.unwrap(), "the time of the first is over");
    tasks.port.end(EndTask { at: later, ..end(second.id, TaskState::Failed) }).await.unwrap();
    assert!(tasks.port.begin(BeginTask { due: at(1), at: later, until, ..begin(2) }).await.unwrap(), "it has ended");
}

/// The answer may have been lost, and the run is theirs.
pub async fn who_began_a_run_is_told_so_again(tasks: Tasks) {
    let mine = begin(1);
    assert!(tasks.port.begin(mine.clone()).await.unwrap());
    assert!(!tasks.port.begin(begin(1)).await.unwrap());
    assert!(tasks.port.begin(mine.clone()).await.unwrap());
    assert_eq!(all(&tasks, ListTaskRuns::default()).await, [running(&mine)]);
}

/// None of them keeps another from beginning.
pub async fn another_task_due_time_or_attempt_is_another_run(tasks: Tasks) {
    for command in
        [brief(1), brief(2), BeginTask { due: at(1), ..brief(1) }, BeginTask { task: "verify".into(), ..brief(1) }]
    {
        assert!(tasks.port.begin(command).await.unwrap());
    }
}

/// A later caller may believe that the run was given up.
pub async fn a_run_that_ended_stays_as_it_is(tasks: Tasks) {
    let command = begin(1);
    tasks.port.begin(command.clone()).await.unwrap();
    tasks.port.end(end(command.id, TaskState::Succeeded)).await.unwrap();
    let ended = tasks.port.latest("prune").await.unwrap();
    let later = EndTask { detail: "given up".into(), at: at(900), ..end(command.id, TaskState::Failed) };
    tasks.port.end(later).await.unwrap();
    assert_eq!(tasks.port.latest("prune").await.unwrap(), ended);
}

/// Each caller reads the end that stays.
pub async fn of_racing_ends_of_a_run_one_stays(tasks: Tasks) {
    for attempt in 1..=5 {
        let command = BeginTask { at: at(1_000 * i64::from(attempt)), until: at(1_000_000), ..begin(attempt) };
        assert!(tasks.port.begin(command.clone()).await.unwrap());
        let seen = race(attempt as usize, 8, |place| {
            let port = tasks.port.clone();
            let state = [TaskState::Succeeded, TaskState::Failed, TaskState::Dead][place % 3];
            let ended = EndTask { detail: format!("by {place}"), ..end(command.id, state) };
            async move {
                port.end(ended).await.unwrap();
                port.latest("prune").await.unwrap().unwrap()
            }
        })
        .await;
        assert!(seen.iter().all(|run| *run == seen[0] && run.state != TaskState::Running), "{seen:?}");
    }
}

/// The run may have been deleted.
pub async fn ending_an_unknown_run_changes_nothing(tasks: Tasks) {
    let command = begin(1);
    tasks.port.begin(command.clone()).await.unwrap();
    tasks.port.end(end(TaskRunId::new(fresh()), TaskState::Failed)).await.unwrap();
    assert_eq!(all(&tasks, ListTaskRuns::default()).await, [running(&command)]);
}

/// Whenever they began, and whatever else runs.
pub async fn the_latest_run_is_that_of_the_latest_due_time_and_attempt(tasks: Tasks) {
    let latest = BeginTask { due: at(7), attempt: 2, at: at(10), ..brief(1) };
    for command in [
        BeginTask { due: at(7), at: at(12), ..brief(1) },
        latest.clone(),
        BeginTask { due: at(3), at: at(20), ..brief(11) },
        BeginTask { task: "verify".into(), due: at(9), ..begin(1) },
    ] {
        assert!(tasks.port.begin(command).await.unwrap());
    }
    assert_eq!(tasks.port.latest("prune").await.unwrap(), Some(running(&latest)));
    assert_eq!(tasks.port.latest("pru").await.unwrap(), None);
}

/// By the time they began, and then by their ids.
pub async fn runs_are_listed_latest_first_page_by_page(tasks: Tasks) {
    let mut expected = Vec::new();
    for attempt in 1..=7 {
        let command = BeginTask { at: at(i64::from(attempt / 3)), until: at(0), ..begin(attempt) };
        assert!(tasks.port.begin(command.clone()).await.unwrap());
        expected.push(running(&command));
    }
    expected.sort_by_key(|run| Reverse((run.started_at, run.id)));
    for number in [1, 2, 3, 7, 8] {
        assert_eq!(all(&tasks, ListTaskRuns { size: size(number), ..ListTaskRuns::default() }).await, expected);
    }
}

/// By task, by state, and by both.
pub async fn a_listing_of_runs_can_be_narrowed(tasks: Tasks) {
    let (prune, other, verify) = (brief(1), brief(2), BeginTask { task: "verify".into(), at: at(9), ..brief(1) });
    for command in [&prune, &other, &verify] {
        tasks.port.begin(command.clone()).await.unwrap();
    }
    for id in [prune.id, verify.id] {
        tasks.port.end(end(id, TaskState::Dead)).await.unwrap();
    }
    let query = |task: Option<&str>, state| {
        let query = ListTaskRuns { task: task.map(str::to_owned), state, size: size(1), after: None };
        let tasks = tasks.clone();
        async move { all(&tasks, query).await.into_iter().map(|run| run.id).collect::<Vec<_>>() }
    };
    assert_eq!(query(Some("prune"), None).await, [other.id, prune.id]);
    assert_eq!(query(None, Some(TaskState::Dead)).await, [verify.id, prune.id]);
    assert_eq!(query(Some("prune"), Some(TaskState::Running)).await, [other.id]);
    assert_eq!(query(Some("verify"), Some(TaskState::Running)).await, []);
}

/// An attempt at the run of one task that was due at the start of the suite's time.
pub(crate) fn begin(attempt: u32) -> BeginTask {
    BeginTask {
        id: TaskRunId::new(fresh()),
        task: "prune".into(),
        due: at(0),
        attempt,
        instance: "instance 🦭".into(),
        at: at(1),
        until: at(600),
    }
}

/// A run whose time is over at once, so that others may begin before it ends.
pub(crate) fn brief(attempt: u32) -> BeginTask {
    BeginTask { until: at(1), ..begin(attempt) }
}

pub(crate) fn end(id: TaskRunId, state: TaskState) -> EndTask {
    EndTask { id, state, detail: "deleted 7 pings 🦭".into(), at: at(5) }
}

fn running(command: &BeginTask) -> TaskRun {
    let BeginTask { id, task, due, attempt, instance, at, until } = command.clone();
    let (state, detail) = (TaskState::Running, String::new());
    TaskRun { id, task, due, attempt, instance, started_at: at, until, ended_at: None, state, detail }
}

/// All runs that match, page by page.
pub(crate) async fn all(tasks: &Tasks, query: ListTaskRuns) -> Vec<TaskRun> {
    let pages = |after| tasks.port.list(ListTaskRuns { after, ..query.clone() }).map(Result::unwrap);
    walk(|after| pages(after).inspect(|page| assert!(page.items.len() <= query.size.get()))).await
}
