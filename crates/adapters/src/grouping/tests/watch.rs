//! Spare workers for those who wait behind a stuck group.

use std::time::{Duration, Instant};

use futures::future::join_all;
use tokio::runtime::Runtime;

use super::{Kind, Paused, Tasks, Threads, submit, with_each_kind};
use crate::grouping::GroupLimits;
use crate::grouping::queue::Look;

with_each_kind! {
    who_waits_behind_a_group_that_gets_stuck_is_served_though_nobody_comes_after
    who_waits_behind_two_stuck_groups_waits_for_the_first_that_ends
    a_queue_is_watched_only_while_something_waits
    a_watch_outlives_the_group_that_it_was_armed_for
    a_watch_looks_when_the_next_group_is_stuck_and_starts_nobody_for_a_lane_under_way
}

/// One worker and a spare one. A group seems stuck soon.
fn soon_stuck<K: Kind>() -> Paused<K> {
    let limits = Paused::<K>::with(1, Duration::MAX).coalescer.queue().limits;
    Paused::<K>::over(GroupLimits { stuck_after: Duration::from_millis(20), ..limits })
}

async fn who_waits_behind_a_group_that_gets_stuck_is_served_though_nobody_comes_after<K: Kind>() {
    let paused = soon_stuck::<K>();
    let stuck = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let waiting = join_all([2, 4].map(|n| tokio::spawn(submit(paused.coalescer.clone(), n))));
    assert_eq!(paused.next_group().await, [2, 4]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    stuck.await.unwrap().unwrap().unwrap();
    let outcomes: Vec<_> = waiting.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [Ok(Ok(4)), Ok(Ok(8))]);
}

async fn who_waits_behind_two_stuck_groups_waits_for_the_first_that_ends<K: Kind>() {
    let paused = soon_stuck::<K>();
    let mut callers = Vec::new();
    for n in [0, 2] {
        callers.push(tokio::spawn(submit(paused.coalescer.clone(), n)));
        assert_eq!(paused.next_group().await, [n]);
    }
    let mut third = Box::pin(submit(paused.coalescer.clone(), 4));
    assert!(futures::poll!(&mut third).is_pending());
    callers.push(tokio::spawn(third));
    let later = Instant::now() + Duration::from_secs(1);
    assert!(paused.coalescer.queue().look(later).is_some_and(|look| !look.start), "there is no third worker");
    (0..3).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(paused.next_group().await, [4]);
    assert!(join_all(callers).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
}

async fn a_queue_is_watched_only_while_something_waits<K: Kind>() {
    let paused = soon_stuck::<K>();
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    assert!(!paused.coalescer.queue().state().watched, "nobody waits behind the first");
    let second = tokio::spawn(submit(paused.coalescer.clone(), 2));
    assert_eq!(paused.next_group().await, [2]);
    while paused.coalescer.queue().state().watched {
        tokio::task::yield_now().await;
    }
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    for caller in [first, second] {
        caller.await.unwrap().unwrap().unwrap();
    }
    assert_eq!(paused.coalescer.queue().look(Instant::now()), None);
}

async fn a_watch_outlives_the_group_that_it_was_armed_for<K: Kind>() {
    let limits = Paused::<K>::with(1, Duration::MAX).coalescer.queue().limits;
    let paused = Paused::<K>::over(GroupLimits { stuck_after: Duration::from_mins(1), ..limits });
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let mut second = Box::pin(submit(paused.coalescer.clone(), 2));
    assert!(futures::poll!(&mut second).is_pending());
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    // The watch looks for the first time after that.
    assert_eq!(paused.next_group().await, [2]);
    assert_eq!((second.await, first.await.unwrap()), (Ok(Ok(4)), Ok(Ok(0))));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(paused.coalescer.queue().state().watched, "the next one that waits needs no other watch");
}

async fn a_watch_looks_when_the_next_group_is_stuck_and_starts_nobody_for_a_lane_under_way<K: Kind>() {
    let limits = Paused::<K>::with(1, Duration::MAX).coalescer.queue().limits;
    let paused = Paused::<K>::over(GroupLimits { stuck_after: Duration::from_mins(1), ..limits });
    let first = tokio::spawn(submit(paused.coalescer.clone(), 2000));
    assert_eq!(paused.next_group().await, [2000]);
    let mut same_lane = Box::pin(submit(paused.coalescer.clone(), 2002));
    assert!(futures::poll!(&mut same_lane).is_pending());
    let (shared, since) = (paused.coalescer.queue(), paused.coalescer.queue().state().under_way[0].since);
    let look = |seconds| shared.look(since + Duration::from_secs(seconds)).unwrap();
    let tick = Duration::from_millis(1);
    assert_eq!(look(10), Look { start: false, again_after: Duration::from_secs(50) + tick });
    assert_eq!(look(61), Look { start: false, again_after: Duration::from_mins(1) + tick });
    let mut other_lane = Box::pin(submit(paused.coalescer.clone(), 3000));
    assert!(futures::poll!(&mut other_lane).is_pending());
    assert!(look(61).start && !look(61).start, "one worker is started, and counted");
    // No real worker was started.
    shared.state().workers -= 1;
    (0..3).for_each(|_| paused.go_on.send(()).unwrap());
    first.await.unwrap().unwrap().unwrap();
    assert_eq!(futures::future::join(same_lane, other_lane).await, (Ok(Ok(4004)), Ok(Ok(6000))));
}

fn a_watch_whose_runtime_ends_makes_room_for_another<K: Kind>() {
    let (ending, lasting) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let paused = soon_stuck::<K>();
    let first = lasting.spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(lasting.block_on(paused.next_group()), [0]);
    let handle = ending.handle().clone();
    // It has ended when this returns, so that nothing is left on its threads.
    drop(ending);
    let mut waiting = Box::pin(submit(paused.coalescer.clone(), 2));
    let polled = lasting.block_on(async {
        let _ending = handle.enter();
        futures::poll!(&mut waiting)
    });
    assert!(polled.is_pending() && !paused.coalescer.queue().state().watched);
    let other = lasting.spawn(submit(paused.coalescer.clone(), 4));
    assert_eq!(lasting.block_on(paused.next_group()), [2, 4]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(lasting.block_on(waiting), Ok(Ok(4)));
    for caller in [first, other] {
        lasting.block_on(caller).unwrap().unwrap().unwrap();
    }
}

#[test]
fn a_watch_whose_runtime_ends_makes_room_for_another_whatever_it_watches() {
    a_watch_whose_runtime_ends_makes_room_for_another::<Threads>();
    a_watch_whose_runtime_ends_makes_room_for_another::<Tasks>();
}
