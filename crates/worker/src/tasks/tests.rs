//! Each task against mocked ports.

use std::sync::Arc;

use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use stint_domain::background::ports::MockHousekeeping;
use stint_domain::background::ports::task::{TaskRun, TaskState};
use stint_domain::ledger::TotalMinutes;
use stint_domain::ledger::ports::MockTotalsAudit;
use stint_domain::ledger::ports::totals::{Drift, TotalsReport};
use stint_domain::{BackendError, BackendErrorKind};

use super::*;
use crate::metrics::TaskMetrics;
use crate::task::Task;
use crate::test::{at, job};

const DAY: Duration = Duration::from_hours(24);

#[tokio::test]
async fn what_is_older_than_its_time_is_pruned() {
    let mut housekeeping = MockHousekeeping::new();
    housekeeping.expect_prune_idempotency_keys().withf(|before| *before == at(-86_400)).returning(|_| Ok(1));
    housekeeping.expect_prune_pings().withf(|before| *before == at(-2 * 86_400)).returning(|_| Ok(2));
    housekeeping.expect_prune_task_runs().withf(|before| *before == at(-3 * 86_400)).returning(|_| Ok(3));
    let housekeeping = Arc::new(housekeeping);
    let keys = PruneIdempotencyKeys { housekeeping: housekeeping.clone(), kept: DAY };
    let pings = PrunePings { housekeeping: housekeeping.clone(), kept: 2 * DAY };
    let runs = PruneTaskRuns { housekeeping, kept: 3 * DAY };
    assert_eq!(keys.run(at(0)).await.unwrap(), "deleted 1 idempotency keys");
    assert_eq!(pings.run(at(0)).await.unwrap(), "deleted 2 pings");
    assert_eq!(runs.run(at(0)).await.unwrap(), "deleted 3 runs of tasks");
}

#[tokio::test]
async fn a_backend_that_fails_is_tried_again_and_named() {
    let mut housekeeping = MockHousekeeping::new();
    let error = BackendError::new("sqlite", BackendErrorKind::Unavailable, "database is locked");
    housekeeping.expect_prune_pings().returning(move |_| Err(error.clone()));
    let failed = PrunePings { housekeeping: Arc::new(housekeeping), kept: DAY }.run(at(0)).await.unwrap_err();
    assert_eq!(failed, TaskError::passing("sqlite: unavailable: database is locked"));
}

#[tokio::test]
async fn a_drift_is_shown_no_longer_when_another_process_finds_none() {
    let mut registry = Registry::default();
    let metrics = TaskMetrics::new(&mut registry);
    metrics.drifted(3);
    let task = VerifyTotals { totals: Arc::new(MockTotalsAudit::new()), metrics };
    let shown = |state| {
        let run = TaskRun {
            id: "00000000-0000-0000-0000-000000000001".parse().unwrap(),
            task: task.name().to_owned(),
            due: at(0),
            attempt: 1,
            instance: "another".to_owned(),
            started_at: at(0),
            until: at(60),
            ended_at: Some(at(1)),
            state,
            detail: String::new(),
        };
        task.notice(&run);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        text.contains("stint_totals_drifted_jobs 3")
    };
    assert!(shown(TaskState::Dead));
    assert!(!shown(TaskState::Succeeded));
}

#[tokio::test]
async fn a_drift_is_shown_and_waits_for_a_person() {
    let mut registry = Registry::default();
    let metrics = TaskMetrics::new(&mut registry);
    let total = |minutes| TotalMinutes::new(minutes).unwrap();
    for (drifts, expected, shown) in [
        (vec![], Ok("compared 2 jobs with 5 time entries".to_owned()), "stint_totals_drifted_jobs 0"),
        (
            vec![Drift { job: job(1), recorded: total(7), summed: total(0) }],
            Err(TaskError::lasting("totals that are not sums: 1 of 2; run `stint check totals`")),
            "stint_totals_drifted_jobs 1",
        ),
    ] {
        let mut totals = MockTotalsAudit::new();
        totals.expect_audit().return_once(|| Ok(TotalsReport { jobs: 2, time_entries: 5, drifts }));
        // The result of this look, or its failure, does not change the result of the proof.
        let down = BackendError::new("ledger", BackendErrorKind::Timeout, "too slow");
        totals.expect_changed_after().withf(|moment| *moment == at(60)).return_once(|_| Err(down));
        let task = VerifyTotals { totals: Arc::new(totals), metrics: metrics.clone() };
        assert_eq!(task.run(at(0)).await, expected);
        let mut text = String::new();
        encode(&mut text, &registry).unwrap();
        assert!(text.contains(shown), "{text}");
    }
}
