//! The queue alone, over groups that a test pauses and lets go.

mod watch;

use std::marker::PhantomData;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use futures::future::join_all;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::runtime::Runtime;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use uuid::Uuid;

use super::{Coalescer, Group, GroupError, GroupLimits, Workers};

/// One kind of workers.
trait Kind: Send + Sync + 'static {
    const WORKERS: Workers;
}

struct Threads;
struct Tasks;
struct OwnTasks;

impl Kind for Threads {
    const WORKERS: Workers = Workers::Threads;
}

impl Kind for Tasks {
    const WORKERS: Workers = Workers::Tasks;
}

impl Kind for OwnTasks {
    const WORKERS: Workers = Workers::OwnTasks;
}

/// Runs each test with every kind of workers: all of them follow the same rules.
macro_rules! with_each_kind {
    ($($test:ident)+) => {
        with_each_kind!(threads, Threads, $($test)+);
        with_each_kind!(tasks, Tasks, $($test)+);
        with_each_kind!(own_tasks, OwnTasks, $($test)+);
    };
    ($module:ident, $kind:ident, $($test:ident)+) => {
        mod $module {
            $(
                #[tokio::test]
                async fn $test() {
                    super::$test::<$crate::grouping::tests::$kind>().await;
                }
            )+
        }
    };
}

use with_each_kind;

/// Doubles numbers. It refuses odd ones, fails on 13, does 18 only alone and panics on 666. It tells of every group
/// and waits until it may go on. Each thousand from 2,000 to 4,999 is a lane.
struct Doubling<K> {
    told: Sender<Vec<u32>>,
    go_on: Mutex<UnboundedReceiver<()>>,
    kind: PhantomData<K>,
}

impl<K: Kind> Group for Doubling<K> {
    type Command = u32;
    type Outcome = Result<u32, &'static str>;

    const BACKEND: &'static str = "doubling";
    const WORKERS: Workers = K::WORKERS;

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

    async fn carry_out(&self, commands: &[u32]) -> Result<Vec<Self::Outcome>, GroupError> {
        self.told.send(commands.to_vec()).unwrap();
        self.go_on.lock().await.recv().await.unwrap();
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

struct Paused<K: Kind> {
    coalescer: Coalescer<Doubling<K>>,
    told: Receiver<Vec<u32>>,
    go_on: UnboundedSender<()>,
}

impl<K: Kind> Paused<K> {
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
        let ((tell, told), (go_on, going)) = (channel(), unbounded_channel());
        let coalescer = Coalescer::new(Doubling { told: tell, go_on: Mutex::new(going), kind: PhantomData }, limits);
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

async fn submit<K: Kind>(
    coalescer: Coalescer<Doubling<K>>,
    n: u32,
) -> Result<Result<u32, &'static str>, BackendErrorKind> {
    coalescer.submit(n).await.map_err(|error| error.kind)
}

with_each_kind! {
    what_waits_while_a_group_is_under_way_is_the_next_group
    a_group_is_bounded_by_weight_and_a_heavy_command_goes_alone
    a_full_queue_refuses_at_once
    a_queue_is_full_by_room_and_takes_a_heavy_command_when_nothing_waits
    the_commands_of_a_lane_go_together_in_their_order_and_with_no_others
    one_group_of_a_lane_is_under_way_at_a_time
    a_command_that_cannot_be_done_fails_alone
    a_group_is_not_split_for_ever
    a_group_that_others_came_in_between_is_split
    a_group_that_may_have_been_done_is_never_done_again
    a_database_that_is_not_there_is_not_asked_again_for_each_command
    a_caller_that_has_gone_away_costs_nothing
    a_spare_worker_goes_on_while_the_others_are_stuck
    a_spare_worker_helps_while_a_whole_group_more_waits_and_then_leaves
    a_caller_that_leaves_while_its_group_is_split_is_not_waited_for
    a_panic_costs_its_group_and_no_other
}

async fn what_waits_while_a_group_is_under_way_is_the_next_group<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[2, 3, 4]).await;
    assert_eq!(outcomes, [Ok(Ok(4)), Ok(Err("odd")), Ok(Ok(8))]);
    assert_eq!(paused.groups(), [[2, 3, 4]]);
}

async fn a_group_is_bounded_by_weight_and_a_heavy_command_goes_alone<K: Kind>() {
    let paused = Paused::<K>::new();
    paused.behind_a_group(&[2, 4, 6, 8, 1000, 10]).await;
    assert_eq!(paused.groups(), [vec![2, 4, 6, 8], vec![1000], vec![10]]);
}

async fn a_full_queue_refuses_at_once<K: Kind>() {
    let paused = Paused::<K>::new();
    let commands: Vec<u32> = (0..12).map(|n| n * 2).collect();
    let outcomes = paused.behind_a_group(&commands).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 10);
    assert_eq!(outcomes[10..], [Err(BackendErrorKind::Unavailable), Err(BackendErrorKind::Unavailable)]);
}

async fn a_queue_is_full_by_room_and_takes_a_heavy_command_when_nothing_waits<K: Kind>() {
    for (taken, refused) in [(&[1000, 1000][..], 2), (&[5000], 2), (&[2], 5000)] {
        let outcomes = Paused::<K>::new().behind_a_group(&[taken, &[refused]].concat()).await;
        let (refused, taken) = outcomes.split_last().unwrap();
        assert_eq!(*refused, Err(BackendErrorKind::Unavailable));
        assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    }
}

async fn the_commands_of_a_lane_go_together_in_their_order_and_with_no_others<K: Kind>() {
    let paused = Paused::<K>::new();
    paused.behind_a_group(&[2, 2004, 4, 3002, 2002, 6]).await;
    assert_eq!(paused.groups(), [vec![2, 4, 6], vec![2004, 2002], vec![3002]]);
}

async fn one_group_of_a_lane_is_under_way_at_a_time<K: Kind>() {
    let paused = Paused::<K>::with(1, Duration::MAX);
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

async fn a_command_that_cannot_be_done_fails_alone<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[2, 13, 4, 6]).await;
    assert_eq!(outcomes, [Ok(Ok(4)), Err(BackendErrorKind::Internal), Ok(Ok(8)), Ok(Ok(12))]);
    assert_eq!(paused.groups(), [vec![2, 13, 4, 6], vec![2, 13], vec![2], vec![13], vec![4, 6]]);
}

async fn a_group_is_not_split_for_ever<K: Kind>() {
    let paused = Paused::<K>::with(0, Duration::ZERO);
    let outcomes = paused.behind_a_group(&[2, 13, 4, 6]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Internal); 4]);
    assert_eq!(paused.groups(), [[2, 13, 4, 6]]);
}

async fn a_group_that_others_came_in_between_is_split<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[18, 2]).await;
    assert_eq!(outcomes, [Ok(Ok(36)), Ok(Ok(4))]);
    assert_eq!(paused.groups(), [vec![18, 2], vec![18], vec![2]]);
}

async fn a_group_that_may_have_been_done_is_never_done_again<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[13, 0, 2]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Internal); 3]);
    assert_eq!(paused.groups(), [[13, 0, 2]]);
}

async fn a_database_that_is_not_there_is_not_asked_again_for_each_command<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[13, 1, 2]).await;
    assert_eq!(outcomes, [Err(BackendErrorKind::Unavailable); 3]);
    assert_eq!(paused.groups(), [[13, 1, 2]]);
}

async fn a_caller_that_has_gone_away_costs_nothing<K: Kind>() {
    let paused = Paused::<K>::new();
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

async fn a_spare_worker_goes_on_while_the_others_are_stuck<K: Kind>() {
    let paused = Paused::<K>::with(1, Duration::MAX);
    let stuck = tokio::spawn(submit(paused.coalescer.clone(), 0));
    assert_eq!(paused.next_group().await, [0]);
    let other = tokio::spawn(submit(paused.coalescer.clone(), 2));
    assert_eq!(paused.next_group().await, [2]);
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!([stuck.await.unwrap(), other.await.unwrap()], [Ok(Ok(0)), Ok(Ok(4))]);
}

async fn a_spare_worker_helps_while_a_whole_group_more_waits_and_then_leaves<K: Kind>() {
    let limits = Paused::<K>::with(1, Duration::MAX).coalescer.queue().limits;
    let paused = Paused::<K>::over(GroupLimits { stuck_after: Duration::MAX, ..limits });
    let mut callers = Vec::new();
    // Three weigh less than a group, four make one; then one remains.
    for (n, group) in [(0, vec![0]), (2, vec![]), (4, vec![]), (6, vec![]), (8, vec![2, 4, 6, 8]), (10, vec![])] {
        callers.push(tokio::spawn(submit(paused.coalescer.clone(), n)));
        if !group.is_empty() {
            assert_eq!(paused.next_group().await, group);
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(paused.coalescer.queue().state().workers, 2);
    paused.go_on.send(()).unwrap();
    callers.remove(0).await.unwrap().unwrap().unwrap();
    while paused.coalescer.queue().state().workers == 2 {
        assert_eq!(paused.groups(), Vec::<Vec<u32>>::new(), "what is left waits for the other worker");
        tokio::task::yield_now().await;
    }
    (0..2).for_each(|_| paused.go_on.send(()).unwrap());
    assert_eq!(paused.next_group().await, [10]);
    for caller in callers {
        caller.await.unwrap().unwrap().unwrap();
    }
}

async fn a_caller_that_leaves_while_its_group_is_split_is_not_waited_for<K: Kind>() {
    let paused = Paused::<K>::new();
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

async fn a_panic_costs_its_group_and_no_other<K: Kind>() {
    let paused = Paused::<K>::new();
    let outcomes = paused.behind_a_group(&[2, 4, 6, 666, 8]).await;
    assert_eq!(outcomes[..4], [Err(BackendErrorKind::Internal); 4]);
    assert_eq!(outcomes[4], Ok(Ok(16)));
}

fn a_worker_that_never_starts_is_not_counted<K: Kind>() {
    let (ending, lasting) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let paused = Paused::<K>::new();
    let handle = ending.handle().clone();
    // It has ended when this returns, so that nothing is left on its threads.
    drop(ending);
    let mut first = Box::pin(submit(paused.coalescer.clone(), 2));
    let polled = lasting.block_on(async {
        let _ending = handle.enter();
        futures::poll!(&mut first)
    });
    assert!(polled.is_pending());
    assert_eq!(paused.coalescer.queue().state().workers, 0);
    paused.go_on.send(()).unwrap();
    let both = lasting.block_on(futures::future::join(first, submit(paused.coalescer.clone(), 4)));
    assert_eq!(both, (Ok(Ok(4)), Ok(Ok(8))));
    assert_eq!(paused.groups(), [[2, 4]]);
}

#[test]
fn a_worker_that_never_starts_is_not_counted_whatever_it_is() {
    a_worker_that_never_starts_is_not_counted::<Threads>();
    a_worker_that_never_starts_is_not_counted::<Tasks>();
}

#[tokio::test]
async fn what_comes_in_one_turn_is_one_group() {
    let paused = Paused::<OwnTasks>::new();
    (0..100).for_each(|_| paused.go_on.send(()).unwrap());
    let callers = [2, 4, 6, 8].map(|n| tokio::spawn(submit(paused.coalescer.clone(), n)));
    assert!(join_all(callers).await.into_iter().all(|outcome| outcome.unwrap().is_ok()));
    assert_eq!(paused.groups(), [[2, 4, 6, 8]]);
}

#[test]
fn each_thread_has_a_queue_of_its_own() {
    let paused = Paused::<OwnTasks>::new();
    let here = std::ptr::from_ref(paused.coalescer.queue().as_ref()).addr();
    let elsewhere = std::thread::scope(|scope| {
        let other = scope.spawn(|| std::ptr::from_ref(paused.coalescer.queue().as_ref()).addr());
        other.join().unwrap()
    });
    assert_ne!(here, elsewhere);
    let shared = Paused::<Tasks>::new();
    let here = std::ptr::from_ref(shared.coalescer.queue().as_ref()).addr();
    let elsewhere =
        std::thread::scope(|scope| scope.spawn(|| std::ptr::from_ref(shared.coalescer.queue().as_ref()).addr()).join());
    assert_eq!(here, elsewhere.unwrap());
}

/// What is under way when a runtime ends does not block its lane, nor the place of a worker.
#[test]
fn a_worker_whose_runtime_ends_amid_a_group_leaves_nothing_behind() {
    let (ending, lasting) = (Runtime::new().unwrap(), Runtime::new().unwrap());
    let entered = ending.enter();
    let paused = Paused::<Tasks>::new();
    drop(entered);
    let first = lasting.spawn(submit(paused.coalescer.clone(), 2000));
    assert_eq!(lasting.block_on(paused.next_group()), [2000]);
    drop(ending);
    assert_eq!(lasting.block_on(first).unwrap(), Err(BackendErrorKind::Internal));
    let state = paused.coalescer.queue().state();
    assert_eq!((state.workers, state.under_way.len()), (0, 0));
}
