//! Crashes and outages at every point: no ping is settled that was not logged, none is lost, none counts twice.

use BackendErrorKind::{Corrupt, Internal, Timeout, Unavailable};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use stint_domain::BackendErrorKind;
use stint_domain::capture::{Ping, PingProject, PingTarget};
use stint_domain::ledger::JobName;
use tokio::task::JoinHandle;

use super::*;
use crate::shutdown::Stop;
use crate::test::{TestClock, TestLedger, TestQueue, job, ping};

/// A running drain.
struct Running {
    stop: Stop,
    handle: JoinHandle<()>,
    registry: Registry,
}

impl Running {
    fn start(queue: &Arc<TestQueue>, ledger: &Arc<TestLedger>, group: usize) -> Self {
        let (stop, shutdown) = Stop::new();
        let mut registry = Registry::default();
        let metrics = PingMetrics::new(&mut registry);
        let limits = DrainLimits { group, ..DrainLimits::new("test") };
        let drain = Drain::new(queue.clone(), ledger.clone(), TestClock::new(), limits, metrics);
        let handle = tokio::spawn(async move { drain.run(&shutdown).await });
        Self { stop, handle, registry }
    }

    /// Tells the drain to end and waits for that. Returns how long it took.
    async fn ended(self) -> Duration {
        let begun = Instant::now();
        self.stop.request();
        self.handle.await.unwrap();
        begun.elapsed()
    }

    fn metrics(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).unwrap();
        text
    }
}

fn pings(count: usize) -> Vec<Result<Ping, String>> {
    (1..=count).map(|number| Ok(ping(&number.to_string()))).collect()
}

fn places(places: impl IntoIterator<Item = usize>) -> Vec<String> {
    places.into_iter().map(|place| place.to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn pings_are_logged_in_groups_and_then_settled() {
    let (queue, ledger) = (TestQueue::with(pings(25)), Arc::<TestLedger>::default());
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    assert_eq!((ledger.calls(), queue.largest()), (vec![10, 10, 5], 10));
    assert_eq!(queue.settled(), places(1..=25));
    let metrics = running.metrics();
    for line in [
        r#"stint_pings_drained_total{outcome="logged",reason=""} 25"#,
        "stint_pings_group_size_count 3",
        "stint_pings_lag_seconds_count 25",
        "stint_pings_buried_total 0",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_comes_later_is_waited_for() {
    let (queue, ledger) = (TestQueue::with([]), Arc::<TestLedger>::default());
    let running = Running::start(&queue, &ledger, 10);
    tokio::time::sleep(Duration::from_secs(12)).await;
    queue.add(Ok(ping("late")));
    queue.emptied().await;
    assert_eq!(ledger.logged(), 1);
    assert!(running.ended().await <= LAST_TAKE);
}

#[tokio::test(start_paused = true)]
async fn a_group_is_held_while_the_ledger_is_out_of_reach() {
    let queue = TestQueue::with(pings(3));
    let ledger = TestLedger::failing([Unavailable; 6]);
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    assert_eq!(ledger.calls(), [3], "as a whole, when it is back");
    assert_eq!((queue.settled(), queue.buried()), (places(1..=3), vec![]));
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_logged_is_found_and_buried_and_all_others_are_logged() {
    for kind in [Internal, Corrupt] {
        let (queue, ledger) = (TestQueue::with(pings(100)), TestLedger::poisoned_by("37", kind));
        let running = Running::start(&queue, &ledger, 1_000);
        queue.emptied().await;
        let [buried] = &queue.buried()[..] else { panic!("{:?}", queue.buried()) };
        assert_eq!(buried.receipt.0, "37");
        assert_eq!(buried.reason, format!("cannot be logged: test: {kind}: told to fail"));
        assert_eq!(queue.settled(), places((1..=100).filter(|place| *place != 37)));
        assert_eq!(ledger.logged(), 99);
        assert!(ledger.tries() < 40, "{} calls", ledger.tries());
        assert!(running.metrics().contains("stint_pings_buried_total 1"));
        running.ended().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_passes_buries_nothing() {
    let (queue, ledger) = (TestQueue::with(pings(2)), TestLedger::failing([Internal; 5]));
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    assert_eq!((queue.settled(), queue.buried()), (places(1..=2), vec![]));
    running.ended().await;
}

/// Pings for three jobs in turn.
fn over_three_jobs(count: usize) -> Vec<Result<Ping, String>> {
    let target = |number: usize| PingTarget::Job(job(u8::try_from(number % 3).unwrap()));
    (1..=count).map(|number| Ok(Ping { target: target(number), ..ping(&number.to_string()) })).collect()
}

#[tokio::test(start_paused = true)]
async fn pings_of_a_job_that_is_held_are_left_and_all_others_are_logged_in_the_same_round() {
    let (queue, ledger) = (TestQueue::with(over_three_jobs(30)), TestLedger::holding(job(1)));
    let running = Running::start(&queue, &ledger, 1_000);
    tokio::time::sleep(Duration::from_millis(1)).await;
    let others = places((1..=30).filter(|place| place % 3 != 1));
    assert_eq!((queue.settled(), queue.left(), queue.buried()), (others.clone(), 10, vec![]));
    assert_eq!((ledger.tries(), ledger.calls()), (4, vec![10, 10]), "the group, and one try for each job");
    queue.add(Ok(Ping { target: PingTarget::Job(job(2)), ..ping("later") }));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(queue.left(), 10, "who comes later does not wait");
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert_eq!((queue.left(), queue.buried()), (10, vec![]));
    ledger.release();
    queue.emptied().await;
    assert_eq!(ledger.logged(), 31);
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_time_out_that_passes_leaves_nothing() {
    let (queue, ledger) = (TestQueue::with(over_three_jobs(9)), TestLedger::failing([Timeout]));
    let running = Running::start(&queue, &ledger, 1_000);
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!((queue.settled(), ledger.calls()), (places(1..=9), vec![3, 3, 3]));
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_ping_that_means_the_last_project_is_logged_with_those_that_may_name_it() {
    let name = |name: &str| JobName::new(name).unwrap();
    let of = |number: &str, project| Ok(Ping { target: PingTarget::Project { project, create: true }, ..ping(number) });
    let last = PingProject::Unnamed { last: true, fallback: name("Unknown Project") };
    let pings =
        [of("1", PingProject::Named(name("a"))), Ok(ping("2")), of("3", last), of("4", PingProject::Named(name("b")))];
    let (queue, ledger) = (TestQueue::with(pings), TestLedger::failing([Timeout]));
    let running = Running::start(&queue, &ledger, 1_000);
    queue.emptied().await;
    let mut calls = ledger.calls();
    calls.sort_unstable();
    assert_eq!(calls, [1, 3]);
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_slow_for_all_is_not_tried_for_each_for_ever() {
    let pings = (1..=100).map(|number| Ok(Ping { target: PingTarget::Job(job(number)), ..ping(&number.to_string()) }));
    let ledger = TestLedger::failing([Timeout; 8]);
    ledger.take_its_time(Duration::from_secs(5));
    let queue = TestQueue::with(pings);
    let running = Running::start(&queue, &ledger, 1_000);
    tokio::time::sleep(Duration::from_secs(50)).await;
    assert!(ledger.tries() < 9, "{} tries", ledger.tries());
    queue.emptied().await;
    assert_eq!((ledger.logged(), queue.buried()), (100, vec![]));
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_no_ping_is_buried_with_its_reason() {
    let queue = TestQueue::with([Ok(ping("1")), Err("no JSON".to_owned()), Ok(ping("3"))]);
    let ledger = Arc::<TestLedger>::default();
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    let expected = Burial { receipt: Receipt("2".to_owned()), reason: "cannot be read: no JSON".to_owned() };
    assert_eq!((queue.buried(), queue.settled()), (vec![expected], places([1, 3])));
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_down_for_a_while_is_drained_when_it_is_back() {
    let (queue, ledger) = (TestQueue::with(pings(25)), Arc::<TestLedger>::default());
    queue.fail_to_take([Unavailable, Internal, Timeout]);
    queue.fail_to_settle([Unavailable, Timeout, Unavailable]);
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    assert_eq!((ledger.logged(), queue.settled()), (25, places(1..=25)));
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_was_down_for_long_is_asked_again_within_a_second() {
    let (queue, ledger) = (TestQueue::with(pings(1)), Arc::<TestLedger>::default());
    queue.fail_to_take([Unavailable; 60]);
    let running = Running::start(&queue, &ledger, 10);
    let begun = Instant::now();
    queue.emptied().await;
    assert!(begun.elapsed() <= Duration::from_secs(61), "{:?}", begun.elapsed());
    running.ended().await;
}

#[tokio::test(start_paused = true)]
async fn what_the_queue_will_not_settle_comes_again_and_counts_once() {
    let (queue, ledger) = (TestQueue::with(pings(5)), Arc::<TestLedger>::default());
    queue.fail_to_settle([Internal; 5]);
    let running = Running::start(&queue, &ledger, 10);
    queue.emptied().await;
    assert_eq!((ledger.calls(), ledger.logged()), (vec![5, 5], 5));
    running.ended().await;
}

/// A queue without memory fails like one that is down.
#[tokio::test(start_paused = true)]
async fn a_queue_that_sets_nothing_aside_is_drained_all_the_same() {
    for kind in [Unavailable, Timeout, Internal] {
        let queue = TestQueue::with([Ok(ping("1")), Err("no JSON".to_owned()), Ok(ping("3"))]);
        let ledger = Arc::<TestLedger>::default();
        queue.bury_nothing(kind);
        let running = Running::start(&queue, &ledger, 3);
        tokio::time::sleep(Duration::from_secs(1)).await;
        queue.add(Ok(ping("4")));
        tokio::time::sleep(Duration::from_secs(30)).await;
        assert_eq!((queue.settled(), queue.left(), queue.buried()), (places([1, 3, 4]), 1, vec![]));
        running.ended().await;
    }
}

#[tokio::test(start_paused = true)]
async fn at_the_end_the_group_in_hand_is_finished() {
    let (queue, ledger) = (TestQueue::with(pings(25)), TestLedger::slow(Duration::from_secs(2)));
    let running = Running::start(&queue, &ledger, 10);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.ended().await.as_secs(), 1);
    assert_eq!((ledger.logged(), queue.settled(), queue.left()), (10, places(1..=10), 15));
}

#[tokio::test(start_paused = true)]
async fn at_the_end_nobody_waits_longer_than_the_grace_and_nothing_unlogged_is_settled() {
    let (queue, ledger) = (TestQueue::with(pings(5)), TestLedger::slow(Duration::from_hours(1)));
    let running = Running::start(&queue, &ledger, 10);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(running.ended().await.as_secs(), 10);
    assert_eq!((ledger.logged(), queue.settled(), queue.left()), (0, vec![], 5));
}

#[tokio::test(start_paused = true)]
async fn at_the_end_an_outage_is_not_waited_for() {
    let (queue, ledger) = (TestQueue::with(pings(5)), TestLedger::failing([Unavailable; 1_000]));
    let running = Running::start(&queue, &ledger, 10);
    tokio::time::sleep(Duration::from_mins(5)).await;
    assert!(running.ended().await < Duration::from_secs(1));
    assert_eq!((ledger.logged(), queue.settled(), queue.left()), (0, vec![], 5));
}

/// A crash is a drain that is dropped at some moment without being told to end; another one takes over.
#[tokio::test(start_paused = true)]
async fn a_crash_at_any_moment_neither_loses_nor_doubles() {
    for millis in (0..400).step_by(25) {
        let (queue, ledger) = (TestQueue::with(pings(30)), TestLedger::slow(Duration::from_millis(100)));
        queue.fail_to_settle([Unavailable]);
        let crashing = Running::start(&queue, &ledger, 10);
        tokio::time::sleep(Duration::from_millis(millis)).await;
        crashing.handle.abort();
        let logged = ledger.logged();
        assert!(queue.settled().len() <= logged, "after {millis} ms");
        let running = Running::start(&queue, &ledger, 10);
        queue.emptied().await;
        assert_eq!((ledger.logged(), queue.settled()), (30, places(1..=30)), "after {millis} ms");
        running.ended().await;
    }
}
