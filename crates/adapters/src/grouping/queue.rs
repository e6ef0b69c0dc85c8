//! The waiting commands, and the decision what to start for them. It starts nothing itself: it returns what the
//! caller has to start, which is counted already.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::{BackendError, BackendErrorKind};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::group::{Group, GroupLimits};
use super::metrics::QueueMetrics;

/// No timer is finer than this, and a group is stuck only after more than its time.
const TICK: Duration = Duration::from_millis(1);

/// What the handles, workers and watch of a queue share.
pub(super) struct Shared<G: Group> {
    group: Arc<G>,
    pub(super) limits: GroupLimits,
    pub(super) metrics: QueueMetrics,
    /// The runtime in which the queue was made.
    pub(super) home: Option<Handle>,
    state: Mutex<State<G>>,
}

/// The mutable state of a queue.
pub(super) struct State<G: Group> {
    pub(super) waiting: VecDeque<Caller<G>>,
    /// The room that the waiting commands take up.
    pub(super) room: usize,
    pub(super) workers: usize,
    pub(super) under_way: Vec<UnderWay>,
    /// Whether a watch is armed.
    pub(super) watched: bool,
}

/// A group that a worker has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct UnderWay {
    pub(super) lane: Option<Uuid>,
    pub(super) since: Instant,
}

/// A caller whose command waits.
pub(super) struct Caller<G: Group> {
    pub(super) command: G::Command,
    pub(super) answer: Answer<G>,
    pub(super) since: Instant,
}

/// What the caller has to start.
pub(super) enum Start {
    Nothing,
    Worker,
    /// A watch that looks for the first time after this duration.
    Watch(Duration),
}

/// Commands that are carried out together, and where the outcome of each goes.
pub(super) type Part<G> = (Vec<<G as Group>::Command>, Vec<Answer<G>>);

pub(super) type Answer<G> = oneshot::Sender<Result<<G as Group>::Outcome, BackendError>>;

/// What a watch found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether a worker has to be started; it is counted already.
    pub(super) start: bool,
    pub(super) again_after: Duration,
}

impl<G: Group> Default for State<G> {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), room: 0, workers: 0, under_way: Vec::new(), watched: false }
    }
}

impl<G: Group> State<G> {
    /// A group is no longer under way.
    fn ended(&mut self, group: Option<UnderWay>) {
        if let Some(place) = self.under_way.iter().position(|other| Some(*other) == group) {
            self.under_way.swap_remove(place);
        }
    }

    fn is_under_way(&self, lane: Option<Uuid>) -> bool {
        lane.is_some() && self.under_way.iter().any(|group| group.lane == lane)
    }

    /// How many workers are not stuck.
    fn at_work(&self, now: Instant, stuck_after: Duration) -> usize {
        let is_stuck = |group: &&UnderWay| now.saturating_duration_since(group.since) > stuck_after;
        self.workers.saturating_sub(self.under_way.iter().filter(is_stuck).count())
    }
}

impl<G: Group> Shared<G> {
    pub(super) fn new(group: G, limits: GroupLimits) -> Self {
        let home = Handle::try_current().ok();
        Self { group: Arc::new(group), limits, metrics: QueueMetrics::default(), home, state: Mutex::default() }
    }

    /// An empty queue for another thread.
    pub(super) fn for_thread(&self) -> Self {
        let (group, metrics) = (Arc::clone(&self.group), self.metrics.clone());
        Self { group, limits: self.limits, metrics, home: self.home.clone(), state: Mutex::default() }
    }

    /// Enqueues a caller, and returns what has to be started for it, which is counted already.
    pub(super) fn enqueue(&self, caller: Caller<G>) -> Result<Start, BackendError> {
        let mut state = self.state();
        let room = state.room.saturating_add(G::room(&caller.command));
        if room > self.limits.max_waiting && !state.waiting.is_empty() {
            self.metrics.refused.inc();
            return Err(error::<G>(BackendErrorKind::Unavailable, "too many commands are waiting"));
        }
        let GroupLimits { workers, stuck_after, group_weight, .. } = self.limits;
        let needed = state.at_work(caller.since, stuck_after) < workers || room >= group_weight;
        let start = if needed && state.workers < self.limits.most_workers() {
            state.workers += 1;
            Start::Worker
        } else if !state.watched && self.limits.has_a_watch() {
            state.watched = true;
            Start::Watch(state.until_stuck(caller.since, stuck_after))
        } else {
            Start::Nothing
        };
        state.waiting.push_back(caller);
        state.room = room;
        self.metrics.waiting.inc();
        Ok(start)
    }

    /// Takes the waiting commands that go together, up to the bound, without those whose callers are gone. When there
    /// are none, or when the worker is a spare one and no longer needed, the worker is counted out under the same
    /// lock, so that the next command starts another one. `done` is the worker's last group.
    pub(super) fn next_group(&self, done: Option<UnderWay>) -> Option<(Vec<Caller<G>>, UnderWay)> {
        let (mut state, now) = (self.state(), Instant::now());
        state.ended(done);
        let GroupLimits { workers, stuck_after, group_weight, .. } = self.limits;
        if state.workers > workers && state.at_work(now, stuck_after) > workers && state.room < group_weight {
            state.workers -= 1;
            return None;
        }
        let (mut group, mut group_lane, mut weight) = (Vec::new(), None, 0);
        let mut others = VecDeque::new();
        while let Some(caller) = state.waiting.pop_front() {
            let (lane, more) = (G::lane(&caller.command), G::weight(&caller.command));
            let wanted = !caller.answer.is_closed();
            let is_next = if group.is_empty() { !state.is_under_way(lane) } else { lane == group_lane };
            if wanted && !is_next {
                others.push_back(caller);
                continue;
            }
            if wanted && weight + more > group_weight && !group.is_empty() {
                state.waiting.push_front(caller);
                break;
            }
            self.metrics.waiting.dec();
            state.room -= G::room(&caller.command);
            if wanted {
                self.metrics.waited.observe(caller.since.elapsed().as_secs_f64());
                (group_lane, weight) = (lane, weight + more);
                group.push(caller);
            }
        }
        if !others.is_empty() {
            others.append(&mut state.waiting);
            state.waiting = others;
        }
        if group.is_empty() {
            state.workers -= 1;
            return None;
        }
        let under_way = UnderWay { lane: group_lane, since: now };
        state.under_way.push(under_way);
        self.metrics.group_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        Some((group, under_way))
    }

    /// Counts out a worker that ends amid a group.
    pub(super) fn leave(&self, group: Option<UnderWay>) {
        let mut state = self.state();
        state.ended(group);
        state.workers -= 1;
    }

    /// Carries out a group, and answers its callers.
    pub(super) async fn answer(&self, group: Part<G>) {
        let (start, mut parts) = (Instant::now(), vec![group]);
        while let Some((commands, answers)) = parts.pop() {
            // Earlier parts may have taken longer than a caller waits.
            let wanted = commands.into_iter().zip(answers).filter(|(_, answer)| !answer.is_closed());
            let (mut commands, mut answers): Part<G> = wanted.unzip();
            if commands.is_empty() {
                continue;
            }
            let failed = match self.group.carry_out(&commands).await {
                Ok(outcomes) => {
                    debug_assert_eq!(outcomes.len(), answers.len(), "one outcome per command");
                    // Dropped first: when its caller gets the answer, nothing of a command is left.
                    drop(commands);
                    // A caller that is gone by now gets no answer, but its command was carried out.
                    answers.into_iter().zip(outcomes).for_each(|(answer, outcome)| drop(answer.send(Ok(outcome))));
                    continue;
                }
                Err(failed) => failed,
            };
            if commands.len() > 1 && start.elapsed() < self.limits.split_for && failed.may_be_a_parts() {
                let half = commands.len() / 2;
                let others = (commands.split_off(half), answers.split_off(half));
                parts.extend([others, (commands, answers)]);
                continue;
            }
            let error = failed.into_error();
            for answer in answers {
                let _gone = answer.send(Err(error.clone()));
            }
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State<G>> {
        // Nothing panics while it holds the lock, and the state is consistent between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn error<G: Group>(kind: BackendErrorKind, message: &'static str) -> BackendError {
    BackendError::new(G::BACKEND, kind, message)
}

impl<G: Group> Shared<G> {
    /// Decides for the waiting callers. The watch ends when there are none.
    pub(super) fn look(&self, now: Instant) -> Option<Look> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.watched = false;
            return None;
        }
        let stuck_after = self.limits.stuck_after;
        let start = state.at_work(now, stuck_after) < self.limits.workers
            && state.workers < self.limits.most_workers()
            && state.waits_for_a_worker();
        state.workers += usize::from(start);
        Some(Look { start, again_after: state.until_stuck(now, stuck_after) })
    }
}

impl<G: Group> State<G> {
    /// Whether a command waits that a worker could take. Commands of a running lane do not count.
    fn waits_for_a_worker(&self) -> bool {
        self.waiting.iter().any(|caller| !self.is_under_way(G::lane(&caller.command)))
    }

    /// How long until the next group seems stuck.
    pub(super) fn until_stuck(&self, now: Instant, stuck_after: Duration) -> Duration {
        let left = |since| stuck_after.checked_sub(now.saturating_duration_since(since));
        let next = self.under_way.iter().filter_map(|group| left(group.since)).min();
        next.unwrap_or(stuck_after) + TICK
    }
}
