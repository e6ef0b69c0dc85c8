//! Throwing a timer away.

use stint_domain::access::Role;
use stint_domain::people::PersonStatus;
use stint_domain::people::ports::person::{PersonChanges, UpdatePerson};
use stint_domain::timers::ports::timer::{DiscardTimer, DiscardTimerError, StopTimerError};

use super::{Timers, discard, start, start_at, stop_at};
use crate::given::{exactly, stale};
use crate::people::person::{set_role, update};

/// Its id is unknown afterwards, and the timers of others run on.
pub async fn a_discarded_timer_was_never_there(timers: Timers) {
    let (ada, bob) = (timers.people.member("ada").await, timers.people.member("bob").await);
    let job = timers.open_job().await;
    let (timer, other) = (timers.start(start(&ada, &job)).await, timers.start(start(&bob, &job)).await);
    timers.timers.discard(discard(&ada)).await.unwrap();
    assert_eq!(timers.running(&ada).await, None);
    let stopped = timers.timers.stop(stop_at(&timer, 600)).await;
    assert!(matches!(stopped, Err(StopTimerError::NotFound(id)) if id == timer.id), "{stopped:?}");
    assert_eq!(timers.entries(job.id).await, []);
    assert_eq!(timers.running(&bob).await, Some(other));
    let again = timers.timers.discard(discard(&ada)).await;
    assert!(matches!(again, Err(DiscardTimerError::NotRunning)), "{again:?}");
}

/// By the version of the running timer.
pub async fn a_discard_keeps_its_precondition(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let timer = timers.start(start(&ada, &job)).await;
    let refused = timers.timers.discard(DiscardTimer { precondition: stale(), ..discard(&ada) }).await;
    let failed =
        matches!(&refused, Err(DiscardTimerError::Precondition(failed)) if failed.current == Some(timer.version));
    assert!(failed, "{refused:?}");
    assert_eq!(timers.running(&ada).await.as_ref(), Some(&timer));
    timers.timers.discard(DiscardTimer { precondition: exactly(timer.version), ..discard(&ada) }).await.unwrap();
    assert_eq!(timers.running(&ada).await, None);
}

/// So does the role of a viewer, who could not end it. One that has ended keeps its entries, and its stop can be repeated. A change that is no deactivation takes no timer.
pub async fn a_deactivation_throws_the_running_timer_away_and_no_other(timers: Timers) {
    let (ada, bob) = (timers.people.member("ada").await, timers.people.member("bob").await);
    let job = timers.open_job().await;
    let ended = timers.start(start(&ada, &job)).await;
    timers.start(start_at(&ada, &job, 600)).await;
    let other = timers.start(start(&bob, &job)).await;
    for (status, runs) in [(PersonStatus::Active, true), (PersonStatus::Deactivated, false)] {
        let changes = PersonChanges { status: Some(status), ..PersonChanges::default() };
        timers.people.update(UpdatePerson { changes, ..update(ada.id) }).await;
        assert_eq!(timers.running(&ada).await.is_some(), runs);
    }
    assert_eq!(timers.running(&bob).await, Some(other));
    timers.people.update(set_role(bob.id, Role::Viewer)).await;
    assert_eq!(timers.running(&bob).await, None);
    let stopped = timers.stop(stop_at(&ended, 700)).await;
    assert_eq!((stopped.minutes, &stopped.entries), (10, &timers.entries(job.id).await));
}
