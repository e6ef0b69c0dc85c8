//! The queue alone, over groups that a test pauses and lets go.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::future::join_all;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::runtime::Runtime;
use uuid::Uuid;

use super::queue::Look;
use super::{Coalescer, Group, GroupError, GroupLimits};

/// Doubles numbers. It refuses odd ones, fails on 13, does 18 only alone and panics on 666. It tells of every group
/// and waits until it may go on. Each thousand from 2,000 to 4,999 is a lane.
struct Doubling {
    told: Sender<Vec<u32>>,
    go_on: Mutex<Receiver<()>>,
}

impl Group for Doubling {
    type Command = u32;
    type Outcome = Result<u32, &'static str>;

    const BACKEND: &'static str = "doubling";

    fn weight(command: &u32) -> usize {
        match command {
            1000 => 5,
            5000 => 50,
            _ => 1,
        }
    }

    fn lane(command: &u32) -> Option<Uuid> {
        (2000..5000).contains(command).then(|| Uuid::from_u128(u128::from(command / 1000)))
    }

    fn carry_out(&self, commands: &[u32]) -> Result<Vec<Self::Outcome>, GroupError> {
        self.told.send(commands.to_vec()).unwrap();
        self.go_on.lock().unwrap_or_else(PoisonError::into_inner).recv().unwrap();
        assert!(!commands.contains(&666), "a group that panics");
        let failed = |kind| BackendError::new("doubling", kind, "13");
        match commands {
            [13, 0, ..] => Err(GroupError::Unknown(failed(BackendErrorKind::Internal))),
            [13, 1, ..] => Err(GroupError::Undone(failed(BackendErrorKind::Unavailable))),
            [18, _, ..] => Err(GroupError::Overtaken(failed(BackendErrorKind::Unavailable))),
            _ if commands.contains(&13) => Err(GroupError::Undone(failed(BackendErrorKind::Internal))),
            _ => Ok(commands.iter().map(|n| if n % 2 == 0 { Ok(n * 2) } else { Err("odd") }).collect()),
        }
    }
}

struct Paused {
    coalescer: Coalescer<Doubling>,
    told: Receiver<Vec<u32>>,
    go_on: Sender<()>,
}

impl Paused {
    fn new() -> Self {
        Self::with(0, Duration::MAX)
    }

    fn with(spare_workers: usize, split_for: Duration) -> Self {
        Self::over(GroupLimits {
            workers: 1,
            spare_workers,
            stuck_after: Duration::ZERO,
            group_weight: 4,
            max_waiting: 10,
            split_for,
        })
    }

    fn over(limits: GroupLimits) -> Self {
        let ((tell, told), (go_on, going)) = (channel(), channel());
        let coalescer = Coalescer::new(Doubling { told: tell, go_on: Mutex::new(going) }, limits);
        Self { coalescer, told, go_on }
    }

    /// Submits `commands` while a group with only a 0 is running, and then lets everything go on.
    async fn behind_a_group(&self, commands: &[u32]) -> Vec<Result<Result<u32, &'static str>, BackendErrorKind>> {
        let first = tokio::spawn(submit(self.coalescer.clone(), 0));
        assert_eq!(self.next_group().await, [0]);
        let outcomes = join_all(commands.iter().map(|&n| submit(self.coalescer.clone(), n)));
        let let_go = async { (0..100).for_each(|_| self.go_on.send(()).unwrap()) };
        // The futures are polled in order, so all commands are queued before the group may end.
        let (outcomes, ()) = futures::future::join(outcomes, let_go).await;
        first.await.unwrap().unwrap().unwrap();
        outcomes
    }

    async fn next_group(&self) -> Vec<u32> {
        loop {
            match self.told.try_recv() {
                Ok(group) => return group,
                Err(_empty) => tokio::task::yield_now().await,
            }
        }
    }

    fn groups(&self) -> Vec<Vec<u32>> {
        self.told.try_iter().collect()
    }
}

async fn submit(coalescer: Coalescer<Doubling>, n: u32) -> Result<Result<u32, &'static str>, BackendErrorKind> {
    coalescer.submit(n).await.map_err(|error| error.kind)
}

#[tokio::test]
async fn what_waits_while_a_group_is_under_way_is_the_next_group() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[2, 3, 4]).await;
    assert_eq!(outcomes, [Ok(Ok(4)), Ok(Err("odd")), Ok(Ok(8))]);
    assert_eq!(paused.groups(), [[2, 3, 4]]);
}

#[tokio::test]
async fn a_group_is_bounded_by_weight_and_a_heavy_command_goes_alone() {
    let paused = Paused::new();
    paused.behind_a_group(&[2, 4, 6, 8, 1000, 10]).await;
    assert_eq!(paused.groups(), [vec![2, 4, 6, 8], vec![1000], vec![10]]);
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let paused = Paused::new();
    let commands: Vec<u32> = (0..12).map(|n| n * 2).collect();
    let outcomes = paused.behind_a_group(&commands).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    assert_eq!(outcomes[10..], [Err(BackendErrorKind::Unavailable), Err(BackendErrorKind::Unavailable)]);
}

#[tokio::test]
async fn a_queue_is_full_by_room_and_takes_a_heavy_command_when_nothing_waits() {
    for (taken, refused) in [(&[1000, 1000][..], 2), (&[5000], 2), (&[2], 5000)] {
        let outcomes = Paused::new().behind_a_group(&[taken, &[refused]].concat()).await;
        let (refused, taken) = outcomes.split_last().unwrap();
        assert_eq!(*refused, Err(BackendErrorKind::Unavailable));
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    }
}

#[tokio::test]
async fn the_commands_of_a_lane_go_together_in_their_order_and_with_no_others() {
    let paused = Paused::new();
    paused.behind_a_group(&[2, 2004, 4, 3002, 2002, 6]).await;
    assert_eq!(paused.groups(), [vec![2, 4, 6], vec![2004, 2002], vec![3002]]);
}

#[tokio::test]
async fn one_group_of_a_lane_is_under_way_at_a_time() {
    let paused = Paused::with(1, Duration::MAX);
    let mut callers = Vec::new();
    for (command, group) in [(2000, Some(2000)), (2002, None), (3000, Some(3000))] {
        callers.push(tokio::spawn(submit(paused.coalescer.clone(), command)));
        match group {
            Some(group) => assert_eq!(paused.next_group().await, [group]),
            // A caller that was polled is in the queue.
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(paused.groups(), [[0; 0]; 0]);
    (0..3).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(paused.next_group().await, [2002]);
    assert!(join_all(callers).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
}

#[tokio::test]
async fn a_command_that_cannot_be_done_fails_alone() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[2, 13, 4, 6]).await;
    assert_eq!(outcomes, [Ok(Ok(4)), Err(BackendErrorKind::Internal), Ok(Ok(8)), Ok(Ok(12))]);
    assert_eq!(paused.groups(), [vec![2, 13, 4, 6], vec![2, 13], vec![2], vec![13], vec![4, 6]]);
}

#[tokio::test]
async fn a_group_is_not_split_for_ever() {
    let paused = Paused::with(0, Duration::ZERO);
    let outcomes = paused.behind_a_group(&[2, 13, 4, 6]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Internal); 4]);
    assert_eq!(paused.groups(), [[2, 13, 4, 6]]);
}

#[tokio::test]
async fn a_group_that_others_came_in_between_is_split() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[18, 2]).await;
    assert_eq!(outcomes, [Ok(Ok(36)), Ok(Ok(4))]);
    assert_eq!(paused.groups(), [vec![18, 2], vec![18], vec![2]]);
}

#[tokio::test]
async fn a_group_that_may_have_been_done_is_never_done_again() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[13, 0, 2]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Internal); 3]);
    assert_eq!(paused.groups(), [[13, 0, 2]]);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_not_asked_again_for_each_command() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[13, 1, 2]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Unavailable); 3]);
    assert_eq!(paused.groups(), [[13, 1, 2]]);
}

#[tokio::test]
async fn a_caller_that_has_gone_away_costs_nothing() {
    let paused = Paused::new();
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let mut gone = Box::pin(submit(paused.coalescer.clone(), 2));
    assert!(futures::poll!(&mut gone).is_pending());
    drop(gone);
    let mut stays = Box::pin(submit(paused.coalescer.clone(), 4));
    assert!(futures::poll!(&mut stays).is_pending());
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(stays.await, Ok(Ok(8)));
    assert_eq!(paused.groups(), [[4]]);
    first.await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_spare_worker_goes_on_while_the_others_are_stuck() {
    let paused = Paused::with(1, Duration::MAX);
    let stuck = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let other = tokio::spawn(submit(paused.coalescer.clone(), 2));
    assert_eq!(paused.next_group().await, [2]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!([stuck.await.unwrap(), other.await.unwrap()], [Ok(Ok(0)), Ok(Ok(4))]);
}

#[tokio::test]
async fn a_spare_worker_helps_while_a_whole_group_more_waits_and_then_leaves() {
    let Coalescer(shared) = Paused::with(1, Duration::MAX).coalescer;
    let paused = Paused::over(GroupLimits { stuck_after: Duration::MAX, ..shared.limits });
    let mut callers = Vec::new();
    // Three weigh less than a group, four make one; then one remains.
    for (n, group) in [(0, vec![0]), (2, vec![]), (4, vec![]), (6, vec![]), (8, vec![2, 4, 6, 8]), (10, vec![])] {
        callers.push(tokio::spawn(submit(paused.coalescer.clone(), n)));
        if !group.is_empty() {
            assert_eq!(paused.next_group().await, group);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(paused.coalescer.0.state().workers, 2);
    paused.go_on.send(()).unwrap();
    callers.remove(0).await.unwrap().unwrap().unwrap();
    while paused.coalescer.0.state().workers == 2 {
        assert_eq!(paused.groups(), Vec::<Vec<u32>>::new(), "what is left waits for the other worker");
        tokio::task::yield_now().await;
    }
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(paused.next_group().await, [10]);
    for caller in callers {
        caller.await.unwrap().unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_caller_that_leaves_while_its_group_is_split_is_not_waited_for() {
    let paused = Paused::new();
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let mut callers: Vec<_> = [13, 2, 4, 6].map(|n| Box::pin(submit(paused.coalescer.clone(), n))).into();
    for caller in &mut callers {
        assert!(futures::poll!(caller).is_pending());
    }
    paused.go_on.send(()).unwrap();
    assert_eq!(paused.next_group().await, [13, 2, 4, 6]);
    drop(callers.pop());
    (0..5).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(join_all(callers).await, [Err(BackendErrorKind::Internal), Ok(Ok(4)), Ok(Ok(8))]);
    assert_eq!(paused.groups(), [vec![13, 2], vec![13], vec![2], vec![4]]);
    first.await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn a_panic_costs_its_group_and_no_other() {
    let paused = Paused::new();
    let outcomes = paused.behind_a_group(&[2, 4, 6, 666, 8]).await;
    assert_eq!(outcomes[..4], [Err(BackendErrorKind::Internal); 4]);
    assert_eq!(outcomes[4], Ok(Ok(16)));
}

#[test]
fn a_worker_that_never_starts_is_not_counted() {
    let (ending, lasting) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let paused = Paused::new();
    let handle = ending.handle().clone();
    // It has ended when this returns, so that nothing is left on its threads.
    drop(ending);
    let mut first = Box::pin(submit(paused.coalescer.clone(), 2));
    let polled = lasting.block_on(async {
        let _ending = handle.enter();
        futures::poll!(&mut first)
    });
    assert!(polled.is_pending());
    assert_eq!(paused.coalescer.0.state().workers, 0);
    paused.go_on.send(()).unwrap();
    let both = lasting.block_on(futures::future::join(first, submit(paused.coalescer.clone(), 4)));
    assert_eq!(both, (Ok(Ok(4)), Ok(Ok(8))));
    assert_eq!(paused.groups(), [[2, 4]]);
}

/// One worker and a spare one. A group seems stuck soon.
fn soon_stuck() -> Paused {
    let Coalescer(shared) = Paused::with(1, Duration::MAX).coalescer;
    Paused::over(GroupLimits { stuck_after: Duration::from_millis(20), ..shared.limits })
}

#[tokio::test]
async fn who_waits_behind_a_group_that_gets_stuck_is_served_though_nobody_comes_after() {
    let paused = soon_stuck();
    let stuck = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let waiting = join_all([2, 4].map(|n| tokio::spawn(submit(paused.coalescer.clone(), n))));
    assert_eq!(paused.next_group().await, [2, 4]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    stuck.await.unwrap().unwrap().unwrap();
    let outcomes: Vec<_> = waiting.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes, [Ok(Ok(4)), Ok(Ok(8))]);
}

#[tokio::test]
async fn who_waits_behind_two_stuck_groups_waits_for_the_first_that_ends() {
    let paused = soon_stuck();
    let mut callers = Vec::new();
    for n in [0, 2] {
        callers.push(tokio::spawn(submit(paused.coalescer.clone(), n)));
        assert_eq!(paused.next_group().await, [n]);
    }
    let mut third = Box::pin(submit(paused.coalescer.clone(), 4));
    assert!(futures::poll!(&mut third).is_pending());
    callers.push(tokio::spawn(third));
    let later = Instant::now() + Duration::from_secs(1);
    assert!(paused.coalescer.0.look(later).is_some_and(|look| !look.start), "there is no third worker");
    (0..3).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(paused.next_group().await, [4]);
    assert!(join_all(callers).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
}

#[tokio::test]
async fn a_queue_is_watched_only_while_something_waits() {
    let paused = soon_stuck();
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    assert!(!paused.coalescer.0.state().watched, "nobody waits behind the first");
    let second = tokio::spawn(submit(paused.coalescer.clone(), 2));
    assert_eq!(paused.next_group().await, [2]);
    while paused.coalescer.0.state().watched {
        tokio::task::yield_now().await;
    }
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    for caller in [first, second] {
        caller.await.unwrap().unwrap().unwrap();
    }
    assert_eq!(paused.coalescer.0.look(Instant::now()), None);
}

#[tokio::test]
async fn a_watch_outlives_the_group_that_it_was_armed_for() {
    let Coalescer(shared) = Paused::with(1, Duration::MAX).coalescer;
    let paused = Paused::over(GroupLimits { stuck_after: Duration::from_mins(1), ..shared.limits });
    let first = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let mut second = Box::pin(submit(paused.coalescer.clone(), 2));
    assert!(futures::poll!(&mut second).is_pending());
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    // The watch looks for the first time after that.
    assert_eq!(paused.told.recv().unwrap(), [2]);
    assert_eq!((second.await, first.await.unwrap()), (Ok(Ok(4)), Ok(Ok(0))));
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(paused.coalescer.0.state().watched, "the next one that waits needs no other watch");
}

#[tokio::test]
async fn a_watch_looks_when_the_next_group_is_stuck_and_starts_nobody_for_a_lane_under_way() {
    let Coalescer(shared) = Paused::with(1, Duration::MAX).coalescer;
    let paused = Paused::over(GroupLimits { stuck_after: Duration::from_mins(1), ..shared.limits });
    let first = tokio::spawn(submit(paused.coalescer.clone(), 2000));
    assert_eq!(paused.next_group().await, [2000]);
    let mut same_lane = Box::pin(submit(paused.coalescer.clone(), 2002));
    assert!(futures::poll!(&mut same_lane).is_pending());
    let (shared, since) = (&paused.coalescer.0, paused.coalescer.0.state().under_way[0].since);
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

#[test]
fn a_watch_whose_runtime_ends_makes_room_for_another() {
    let (ending, lasting) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let paused = soon_stuck();
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
    assert!(polled.is_pending() && !paused.coalescer.0.state().watched);
    let other = lasting.spawn(submit(paused.coalescer.clone(), 4));
    assert_eq!(lasting.block_on(paused.next_group()), [2, 4]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(lasting.block_on(waiting), Ok(Ok(4)));
    for caller in [first, other] {
        lasting.block_on(caller).unwrap().unwrap().unwrap();
    }
}
