//! Starting a timer.

use stint_domain::people::PersonStatus;
use stint_domain::people::ports::person::{PersonChanges, UpdatePerson};
use stint_domain::timers::TimerEndError;
use stint_domain::timers::ports::timer::{NotLogged, StartTimer, StartTimerError, Started};
use stint_domain::values::{PersonId, TimeEntryId, Version};

use super::{Timers, start, start_at, time, times};
use crate::given::{at, fresh, job_id};
use crate::people::person::update;

/// With every field as it was given; nothing is logged yet.
pub async fn a_timer_runs_for_its_person_alone(timers: Timers) {
    let (ada, bob) = (timers.people.member("ada").await, timers.people.member("bob").await);
    let job = timers.open_job().await;
    assert_eq!(timers.running(&ada).await, None);
    let command = StartTimer { at: at(9), ..start(&ada, &job) };
    let Started { timer, stopped } = timers.timers.start(command.clone()).await.unwrap();
    assert_eq!((&timer, stopped), (&command.timer(at(0)), None));
    assert_eq!((timer.version, timer.started_at), (Version::initial(at(9)), at(0)));
    assert_eq!(timers.running(&ada).await, Some(timer));
    assert_eq!(timers.running(&bob).await, None);
    assert_eq!(timers.entries(job.id).await, []);
}

/// Where the new one starts, which may be before the write.
pub async fn a_start_ends_the_timer_that_runs_and_logs_its_time(timers: Timers) {
    let (ada, job, next) = (timers.people.member("ada").await, timers.open_job().await, timers.open_job().await);
    let first = timers.start(start(&ada, &job)).await;
    let command = StartTimer { at: at(5400), ..start_at(&ada, &next, 3600) };
    let Started { timer, stopped } = timers.timers.start(command).await.unwrap();
    let stopped = stopped.expect("the first one has ended");
    assert_eq!((stopped.id, stopped.minutes), (first.id, 60));
    assert_eq!(times(&stopped.entries), [time("2023-11-14", 60)]);
    let entry = &stopped.entries[0];
    assert_eq!(entry.id, TimeEntryId::of_timer(first.id, 0));
    assert_eq!((entry.created_by.as_str(), entry.related_job), ("ada", job.id));
    assert_eq!((&entry.work_summary, entry.created_at), (&first.work_summary, at(5400)));
    assert_eq!(timers.entries(job.id).await, stopped.entries);
    assert_eq!(timers.job(job.id).await.total_minutes.get(), 60);
    assert_eq!(timers.running(&ada).await, Some(timer));
    timers.assert_sums().await;
}

/// Whether another one runs or not.
pub async fn a_timer_starts_on_an_open_job_only(timers: Timers) {
    let (ada, job, archived) = (timers.people.member("ada").await, timers.open_job().await, timers.open_job().await);
    timers.archive(archived.id).await;
    for runs in [false, true] {
        if runs {
            timers.start(start(&ada, &job)).await;
        }
        let before = timers.running(&ada).await;
        let unknown = StartTimer { related_job: job_id(), ..start_at(&ada, &job, 600) };
        let refused = timers.timers.start(unknown.clone()).await;
        assert!(matches!(refused, Err(StartTimerError::JobNotFound(id)) if id == unknown.related_job), "{refused:?}");
        let refused = timers.timers.start(start_at(&ada, &archived, 600)).await;
        assert!(matches!(refused, Err(StartTimerError::JobArchived(id)) if id == archived.id), "{refused:?}");
        assert_eq!(timers.running(&ada).await, before);
        assert_eq!(timers.entries(job.id).await, []);
    }
}

/// Neither for somebody unknown nor for somebody deactivated.
pub async fn a_timer_starts_for_an_active_person_only(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let nobody = StartTimer { person: PersonId::new(fresh()), ..start(&ada, &job) };
    let refused = timers.timers.start(nobody.clone()).await;
    assert!(matches!(refused, Err(StartTimerError::PersonInactive(id)) if id == nobody.person), "{refused:?}");
    let changes = PersonChanges { status: Some(PersonStatus::Deactivated), ..PersonChanges::default() };
    timers.people.update(UpdatePerson { changes, ..update(ada.id) }).await;
    // Before the job is looked at.
    let refused = timers.timers.start(StartTimer { related_job: job_id(), ..start(&ada, &job) }).await;
    assert!(matches!(refused, Err(StartTimerError::PersonInactive(id)) if id == ada.id), "{refused:?}");
    assert_eq!(timers.running(&ada).await, None);
}

/// At the same moment it may: then there is no time to log.
pub async fn a_timer_starts_no_earlier_than_the_one_that_runs(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let first = timers.start(start_at(&ada, &job, 60)).await;
    let refused = timers.timers.start(StartTimer { at: at(600), ..start_at(&ada, &job, 59) }).await;
    assert!(matches!(refused, Err(StartTimerError::BeforeRunning(start)) if start == at(60)), "{refused:?}");
    assert_eq!(timers.running(&ada).await, Some(first.clone()));
    let started = timers.timers.start(StartTimer { at: at(600), ..start_at(&ada, &job, 60) }).await.unwrap();
    let stopped = started.stopped.unwrap();
    assert_eq!((stopped.id, stopped.minutes, stopped.entries), (first.id, 0, vec![]));
}

/// After more than a day, and for a job that takes no time, somebody has to stop it first.
pub async fn a_start_needs_the_time_of_the_running_timer_to_be_logged(timers: Timers) {
    const DAY: i64 = 24 * 3600;
    let (ada, job, next) = (timers.people.member("ada").await, timers.open_job().await, timers.open_job().await);
    let running = timers.start(start(&ada, &job)).await;
    let refused = timers.timers.start(start_at(&ada, &next, DAY + 1)).await;
    let untold = NotLogged::End(TimerEndError::Untold(at(0))).to_string();
    assert!(matches!(&refused, Err(StartTimerError::Running(why)) if why.to_string() == untold), "{refused:?}");
    timers.archive(job.id).await;
    let refused = timers.timers.start(start_at(&ada, &next, DAY)).await;
    let is_archived = |refused: &Result<Started, StartTimerError>| matches!(refused, Err(StartTimerError::Running(NotLogged::JobArchived(id))) if *id == job.id);
    assert!(is_archived(&refused), "{refused:?}");
    timers.delete(job.id).await;
    let refused = timers.timers.start(start_at(&ada, &next, DAY)).await;
    let is_gone = matches!(refused, Err(StartTimerError::Running(NotLogged::JobNotFound(id))) if id == job.id);
    assert!(is_gone, "{refused:?}");
    assert_eq!(timers.running(&ada).await, Some(running));
}
