//! Changing a running timer.

use stint_domain::ledger::WorkSummary;
use stint_domain::timers::ports::timer::{TimerChanges, UpdateTimer, UpdateTimerError};

use super::{Timers, start, update};
use crate::given::{at, exactly, job_id, stale};

/// The others stay, and the version is the next one.
pub async fn each_field_of_a_timer_changes_alone(timers: Timers) {
    let (ada, job, other) = (timers.people.member("ada").await, timers.open_job().await, timers.open_job().await);
    let mut timer = timers.start(start(&ada, &job)).await;
    let none = TimerChanges::default;
    let summary = WorkSummary::new("wrote them up").unwrap();
    for changes in [
        TimerChanges { related_job: Some(other.id), ..none() },
        TimerChanges { work_summary: Some(summary), ..none() },
        TimerChanges { started_at: Some(at(-60)), ..none() },
        // The value that it has: it counts as changed.
        TimerChanges { started_at: Some(at(-60)), ..none() },
    ] {
        timer.related_job = changes.related_job.unwrap_or(timer.related_job);
        timer.work_summary = changes.work_summary.clone().unwrap_or(timer.work_summary);
        timer.started_at = changes.started_at.unwrap_or(timer.started_at);
        timer.version = timer.version.next();
        let changed = timers.timers.update(UpdateTimer { changes, ..update(&ada) }).await.unwrap();
        assert_eq!((&changed, timers.running(&ada).await.as_ref()), (&timer, Some(&timer)));
    }
    let stopped = timers.stop(super::stop_at(&timer, 60)).await;
    assert_eq!((stopped.minutes, stopped.entries[0].related_job), (2, other.id));
}

/// Not even the version.
pub async fn an_update_of_a_timer_without_fields_changes_nothing(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    assert_eq!(timers.timers.update(update(&ada)).await.unwrap(), timer);
    assert_eq!(timers.running(&ada).await, Some(timer));
}

/// By the version of the running timer.
pub async fn an_update_of_a_timer_keeps_its_precondition(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    // It is told before an unknown job.
    let changes = TimerChanges { related_job: Some(job_id()), ..TimerChanges::default() };
    let refused = timers.timers.update(UpdateTimer { changes, precondition: stale(), ..update(&ada) }).await;
    let failed =
        matches!(&refused, Err(UpdateTimerError::Precondition(failed)) if failed.current == Some(timer.version));
    assert!(failed, "{refused:?}");
    let changes = TimerChanges { started_at: Some(at(-1)), ..TimerChanges::default() };
    let guarded = UpdateTimer { changes, precondition: exactly(timer.version), ..update(&ada) };
    assert_eq!(timers.timers.update(guarded).await.unwrap().started_at, at(-1));
}

/// Neither to an archived one nor to an unknown one.
pub async fn a_timer_moves_to_an_open_job_only(timers: Timers) {
    let (ada, job, archived) = (timers.people.member("ada").await, timers.open_job().await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    timers.archive(archived.id).await;
    let to = |job| {
        let changes = TimerChanges { related_job: Some(job), ..TimerChanges::default() };
        timers.timers.update(UpdateTimer { changes, ..update(&ada) })
    };
    let (unknown, refused) = (job_id(), to(archived.id).await);
    assert!(matches!(refused, Err(UpdateTimerError::JobArchived(id)) if id == archived.id), "{refused:?}");
    let refused = to(unknown).await;
    assert!(matches!(refused, Err(UpdateTimerError::JobNotFound(id)) if id == unknown), "{refused:?}");
    assert_eq!(timers.running(&ada).await, Some(timer));
}

/// One that has ended does not count.
pub async fn without_a_running_timer_there_is_nothing_to_update(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    timers.stop(super::stop_at(&timer, 60)).await;
    let refused = timers.timers.update(UpdateTimer { precondition: stale(), ..update(&ada) }).await;
    assert!(matches!(refused, Err(UpdateTimerError::NotRunning)), "{refused:?}");
}
