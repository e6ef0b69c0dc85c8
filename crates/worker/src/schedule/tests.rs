//! Every decision, on days around the end of February 2024.

use stint_domain::values::TaskRunId;

use super::*;

fn moment(text: &str) -> Timestamp {
    Timestamp::from_datetime(text.parse().unwrap()).unwrap()
}

fn schedule(text: &str) -> Schedule {
    text.parse().unwrap()
}

/// A run of the task that is due each day at three o'clock.
fn run(due: &str, attempt: u32, state: TaskState, ended_at: &str) -> TaskRun {
    let due = moment(due);
    TaskRun {
        id: "00000000-0000-0000-0000-000000000001".parse::<TaskRunId>().unwrap(),
        task: "test".to_owned(),
        due,
        attempt,
        instance: "one".to_owned(),
        started_at: due,
        until: Timestamp::from_micros(due.as_micros() + 600_000_000).unwrap(),
        ended_at: (state != TaskState::Running).then(|| moment(ended_at)),
        state,
        detail: String::new(),
    }
}

#[track_caller]
fn decided(latest: Option<&TaskRun>, now: &str) -> Decision {
    decide(&schedule("0 3 * * *"), Retries::default(), latest, moment(now)).unwrap()
}

fn begin(due: &str, attempt: u32) -> Decision {
    Decision::Begin { due: moment(due), attempt }
}

fn wait(until: &str) -> Decision {
    Decision::Wait { until: moment(until) }
}

const DUE: &str = "2024-02-28T03:00:00Z";

#[test]
fn a_task_that_never_ran_begins_at_once_as_of_its_latest_time() {
    assert_eq!(decided(None, "2024-02-28T12:34:56Z"), begin(DUE, 1));
    assert_eq!(decided(None, DUE), begin(DUE, 1));
    assert_eq!(decided(None, "2024-02-28T02:59:59.999999Z"), begin("2024-02-27T03:00:00Z", 1));
}

#[test]
fn a_run_that_ended_well_waits_for_the_next_time() {
    let done = run(DUE, 1, TaskState::Succeeded, "2024-02-28T03:00:05Z");
    assert_eq!(decided(Some(&done), "2024-02-28T03:00:05Z"), wait("2024-02-29T03:00:00Z"));
    assert_eq!(decided(Some(&done), "2024-02-29T03:00:00Z"), begin("2024-02-29T03:00:00Z", 1));
}

#[test]
fn times_that_were_missed_are_made_up_for_once() {
    let done = run("2024-02-20T03:00:00Z", 1, TaskState::Succeeded, "2024-02-20T03:00:05Z");
    assert_eq!(decided(Some(&done), "2024-02-28T12:00:00Z"), begin(DUE, 1));
    let made_up = run(DUE, 1, TaskState::Succeeded, "2024-02-28T12:00:05Z");
    assert_eq!(decided(Some(&made_up), "2024-02-28T12:00:05Z"), wait("2024-02-29T03:00:00Z"));
}

#[test]
fn a_run_begun_by_hand_between_two_times_counts_as_the_latest() {
    let by_hand = run("2024-02-28T11:00:00Z", 1, TaskState::Succeeded, "2024-02-28T11:00:05Z");
    assert_eq!(decided(Some(&by_hand), "2024-02-28T12:00:00Z"), wait("2024-02-29T03:00:00Z"));
}

#[test]
fn a_running_one_is_left_alone_until_its_time_is_over() {
    let running = run(DUE, 1, TaskState::Running, "");
    assert_eq!(decided(Some(&running), "2024-02-28T03:09:59Z"), wait("2024-02-28T03:10:00Z"));
    assert_eq!(decided(Some(&running), "2024-02-28T03:10:00Z"), Decision::GiveUp);
}

#[test]
fn a_run_that_failed_is_tried_again_later_each_time() {
    for (attempt, again) in [(1, "03:02:00"), (2, "03:03:00"), (3, "03:05:00"), (4, "03:09:00")] {
        let failed = run(DUE, attempt, TaskState::Failed, "2024-02-28T03:01:00Z");
        let again = format!("2024-02-28T{again}Z");
        assert_eq!(decided(Some(&failed), "2024-02-28T03:01:59Z"), wait(&again));
        assert_eq!(decided(Some(&failed), &again), begin(DUE, attempt + 1));
    }
}

#[test]
fn a_retry_comes_before_a_time_that_came_meanwhile() {
    let failed = run(DUE, 2, TaskState::Failed, "2024-02-28T03:01:00Z");
    assert_eq!(decided(Some(&failed), "2024-03-02T00:00:00Z"), begin(DUE, 3));
}

#[test]
fn after_the_last_attempt_the_next_time_starts_anew() {
    let retries = Retries::default();
    assert_eq!((retries.state_after(4), retries.state_after(5)), (TaskState::Failed, TaskState::Dead));
    for state in [TaskState::Dead, TaskState::Failed] {
        let dead = run(DUE, 5, state, "2024-02-28T03:16:00Z");
        assert_eq!(decided(Some(&dead), "2024-02-28T04:00:00Z"), wait("2024-02-29T03:00:00Z"));
        assert_eq!(decided(Some(&dead), "2024-02-29T03:00:00Z"), begin("2024-02-29T03:00:00Z", 1));
    }
}

#[test]
fn a_clock_that_was_set_back_runs_nothing_twice() {
    let done = run(DUE, 1, TaskState::Succeeded, "2024-02-28T03:00:05Z");
    assert_eq!(decided(Some(&done), "2024-02-27T02:00:00Z"), wait("2024-02-27T03:00:00Z"));
    assert_eq!(decided(Some(&done), "2024-02-27T03:00:00Z"), wait(DUE));
}

#[test]
fn the_latest_time_is_found_however_far_back_it_is() {
    for (cron, now, latest) in [
        ("* * * * *", "2024-02-28T12:34:56Z", "2024-02-28T12:34:00Z"),
        ("*/15 * * * *", "2024-02-28T12:34:56Z", "2024-02-28T12:30:00Z"),
        ("0 4 * * 0", "2024-02-28T12:34:56Z", "2024-02-25T04:00:00Z"),
        ("0 0 1 1 *", "2024-02-28T12:34:56Z", "2024-01-01T00:00:00Z"),
        ("0 0 29 2 *", "2024-02-28T12:34:56Z", "2020-02-29T00:00:00Z"),
    ] {
        assert_eq!(schedule(cron).previous(moment(now)), Some(moment(latest)), "{cron}");
    }
}

#[test]
fn only_five_fields_that_name_a_moment_are_times() {
    for bad in ["", "daily", "0 3 * *", "0 0 3 * * *", "61 3 * * *", "0 3 * * * extra", "@daily", "0 3 32 1 *"] {
        let refused = bad.parse::<Schedule>();
        assert!(matches!(refused, Err(ScheduleError::Malformed(_))), "{bad}: {refused:?}");
    }
    assert_eq!("0 3 30 2 *".parse::<Schedule>().unwrap_err(), ScheduleError::Never);
}
