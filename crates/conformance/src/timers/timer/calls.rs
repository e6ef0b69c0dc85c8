//! What holds for every call: a caller may give up, and no thread of the runtime is blocked.

use super::{Timers, discard, start, start_at, stop_at, update};
use crate::people::person::calls::give_up;
use crate::runtime::Sleeps;

/// How often each method is called, and at how many points callers give up.
const CALLS: u32 = 12;

/// At any point of the call: after a repeat, the time is logged once.
pub async fn a_stop_that_is_given_up_happens_whole_or_not_at_all(timers: Timers) {
    for turns in 0..2 * CALLS {
        let (ada, job) = (timers.people.member(&format!("ada{turns}")).await, timers.open_job().await);
        let timer = timers.start(start(&ada, &job)).await;
        give_up(timers.timers.stop(stop_at(&timer, 7200)), turns).await;
        assert_eq!(timers.stop(stop_at(&timer, 7200)).await.minutes, 120);
        assert_eq!(timers.job(job.id).await.total_minutes.get(), 120);
        assert_eq!(timers.entries(job.id).await.len(), 2);
        assert_eq!(timers.running(&ada).await, None);
    }
}

/// At any point of the call: after the next start, the first timer has ended and its time is logged once.
pub async fn a_start_that_is_given_up_happens_whole_or_not_at_all(timers: Timers) {
    for turns in 0..2 * CALLS {
        let (ada, job) = (timers.people.member(&format!("ada{turns}")).await, timers.open_job().await);
        let first = timers.start(start(&ada, &job)).await;
        give_up(timers.timers.start(start_at(&ada, &job, 3600)), turns).await;
        timers.start(start_at(&ada, &job, 3600)).await;
        assert_eq!(timers.stop(stop_at(&first, 9000)).await.minutes, 60);
        assert_eq!(timers.job(job.id).await.total_minutes.get(), 60);
        // Which of the two is the later one is not known: what was given up may still have been under way.
        assert!(timers.running(&ada).await.is_some_and(|running| running.id != first.id));
    }
}

/// Reads, and writes that are not refused.
pub async fn no_method_of_timers_blocks_the_runtime(timers: Timers) {
    let (ada, job) = (timers.people.member("ada").await, timers.open_job().await);
    let (port, mut sleeps) = (&timers.timers, Sleeps::default());
    for _ in 0..CALLS {
        let timer = sleeps.of("start", port.start(start(&ada, &job))).await.unwrap().timer;
        sleeps.of("find", port.find(ada.id)).await.unwrap();
        sleeps.of("update", port.update(update(&ada))).await.unwrap();
        sleeps.of("stop", port.stop(stop_at(&timer, 60))).await.unwrap();
        port.start(start(&ada, &job)).await.unwrap();
        sleeps.of("discard", port.discard(discard(&ada))).await.unwrap();
    }
    sleeps.assert_few_of(CALLS.try_into().unwrap());
}
