//! Many callers, one execution: the core that everything coalesced shares.
//!
//! A database is paid per round trip and per commit, not per row. So callers that are waiting at the same moment share
//! both: each puts its command into a queue; a worker takes everything that is queued *right now*, up to a bound,
//! carries it out as one group, and only then answers every caller of it. While a group is under way, the next one
//! gathers by itself, so there is no timer, and a command that comes alone is carried out at once: groups are as large as the
//! load makes them.
//!
//! What a newcomer should know before changing anything here:
//! - **A worker is not a thread that waits.** When a command comes and fewer workers than allowed are at work, one is
//!   started on a thread that may block; it carries out groups until the queue is empty, and ends. No HTTP worker ever blocks.
//! - **Few and large beats many and small.** A worker more splits the groups, and what a group costs by itself is paid
//!   twice. Only when those at work seem to be stuck (one waits for a lock, say), or when one more whole group waits, a
//!   spare one is started, for as long as that is so. Who waits while nobody comes any more is seen to by a [`watch`].
//! - **Refusals are outcomes.** "The job is archived" is what one command gets; it is no failure of its group. A
//!   failure means that nothing of the group was done ([`GroupError::Undone`]) or that nobody knows
//!   ([`GroupError::Unknown`]: the answer to a commit was lost).
//! - **One bad command must not fail its neighbours.** A group that was undone is split in halves until the command
//!   that cannot be done stands alone. When the database is not there, nothing is split: all get the same answer.
//!   Nor is it split for ever: after [`GroupLimits::split_for`], each part that is left is tried once, as it is.
//! - **Some commands stay among themselves.** Those of one [lane](Group::lane) share no group with others, and only one
//!   group of a lane is under way at a time: what one lane waits for takes one worker, and its order is kept.
//! - **Who has gone away costs nothing.** A command whose caller no longer waits is dropped before it is carried out.
//! - **The queue is bounded,** by the rows that it holds, because they take memory. When it is full the caller is refused at
//!   once, instead of waiting for a time-out.
//!
//! Deliberately absent: what a command is. This file knows neither the ledger nor a database.

mod watch;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::ports::{BackendError, BackendErrorKind};
use tokio::sync::oneshot;
use tokio::task::{spawn, spawn_blocking};
use uuid::Uuid;

use self::watch::Watch;
use super::metrics::QueueMetrics;

/// Carries out commands of one kind together.
pub(crate) trait Group: Send + Sync + 'static {
    /// What callers want done.
    type Command: Send + 'static;
    /// What a caller gets, refusals included.
    type Outcome: Send + 'static;

    /// The backend that errors name.
    const BACKEND: &'static str;

    /// How much of a group's bound the command takes up: the rows that it writes or shows, say.
    fn weight(_command: &Self::Command) -> usize {
        1
    }

    /// How much of the queue's bound it takes up: the rows that it holds while it waits.
    fn room(_command: &Self::Command) -> usize {
        1
    }

    /// Which commands it stays among, if not among all that have no lane.
    fn lane(_command: &Self::Command) -> Option<Uuid> {
        None
    }

    /// Carries out all commands, in order where the order matters, and gives one outcome for each. Blocks.
    fn carry_out(&self, commands: &[Self::Command]) -> Result<Vec<Self::Outcome>, GroupError>;
}

/// A group that has no outcomes.
#[derive(Debug, Clone)]
pub(crate) enum GroupError {
    /// Nothing of it was done.
    Undone(BackendError),
    /// Nothing of it was done, because others came in between each time: a part of it may get through.
    #[cfg_attr(not(any(feature = "postgres", test)), expect(dead_code, reason = "nobody comes in between on SQLite"))]
    Overtaken(BackendError),
    /// Nobody knows whether it was done.
    Unknown(BackendError),
}

impl GroupError {
    /// What the callers are told.
    pub(crate) fn into_error(self) -> BackendError {
        let (Self::Undone(error) | Self::Overtaken(error) | Self::Unknown(error)) = self;
        error
    }

    /// Whether a part of the group may fare better.
    fn may_be_a_parts(&self) -> bool {
        match self {
            Self::Undone(error) => error.kind != BackendErrorKind::Unavailable,
            Self::Overtaken(_) => true,
            Self::Unknown(_) => false,
        }
    }
}

/// How many and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// The most groups under way at the same time.
    pub workers: usize,
    /// How many more when these seem to be stuck, or when one more whole group waits (as much room as a group weighs).
    pub spare_workers: usize,
    /// How long a group is under way that seems to be stuck: many times what one takes.
    pub stuck_after: Duration,
    /// The most that a group weighs; a command that weighs more by itself goes alone.
    pub group_weight: usize,
    /// The most room that what waits takes up; the next caller is refused at once. What takes more by itself may wait
    /// when nothing else does.
    pub max_waiting: usize,
    /// How long the parts of a group that failed are split further.
    pub split_for: Duration,
}

impl GroupLimits {
    const fn most_workers(&self) -> usize {
        self.workers + self.spare_workers
    }

    /// Whether a group that gets stuck is a reason to start a worker.
    fn has_a_watch(&self) -> bool {
        self.spare_workers > 0 && self.stuck_after < Duration::MAX
    }
}

/// A queue of commands and the workers that empty it; clones share both.
pub(crate) struct Coalescer<G: Group>(Arc<Shared<G>>);

struct Shared<G: Group> {
    group: G,
    limits: GroupLimits,
    metrics: QueueMetrics,
    state: Mutex<State<G>>,
}

struct State<G: Group> {
    waiting: VecDeque<Caller<G>>,
    /// How much room those take up.
    room: usize,
    workers: usize,
    under_way: Vec<UnderWay>,
    /// Whether a watch is armed.
    watched: bool,
}

/// A group that a worker has taken.
#[derive(Clone, Copy, PartialEq, Eq)]
struct UnderWay {
    lane: Option<Uuid>,
    since: Instant,
}

struct Caller<G: Group> {
    command: G::Command,
    answer: Answer<G>,
    since: Instant,
}

/// What has to be started for a caller.
enum Start {
    Nothing,
    Worker,
    /// One that looks for the first time after that.
    Watch(Duration),
}

/// Commands that are carried out together, and where each one's outcome goes.
type Part<G> = (Vec<<G as Group>::Command>, Vec<Answer<G>>);

type Answer<G> = oneshot::Sender<Result<<G as Group>::Outcome, BackendError>>;

/// A worker that is counted, from before its thread starts: on a runtime that is shutting down it never does.
struct Worker<G: Group> {
    shared: Arc<Shared<G>>,
    counted: bool,
}

impl<G: Group> Clone for Coalescer<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: Group> Coalescer<G> {
    pub(crate) fn new(group: G, limits: GroupLimits) -> Self {
        let state = State { waiting: VecDeque::new(), room: 0, workers: 0, under_way: Vec::new(), watched: false };
        Self(Arc::new(Shared { group, limits, metrics: QueueMetrics::default(), state: Mutex::new(state) }))
    }

    pub(crate) fn metrics(&self) -> &QueueMetrics {
        &self.0.metrics
    }

    /// The outcome of `command`, once the group that it was part of is done.
    pub(crate) async fn submit(&self, command: G::Command) -> Result<G::Outcome, BackendError> {
        let (answer, outcome) = oneshot::channel();
        match self.0.enqueue(Caller { command, answer, since: Instant::now() })? {
            Start::Nothing => {}
            Start::Worker => Worker::start(&self.0),
            Start::Watch(after) => drop(spawn(Watch { shared: Arc::clone(&self.0), armed: true }.keep(after))),
        }
        // Only a panic below leaves a caller without an answer.
        outcome.await.unwrap_or_else(|_dropped| Err(error::<G>(BackendErrorKind::Internal, "the group was given up")))
    }
}

impl<G: Group> State<G> {
    fn is_under_way(&self, lane: Option<Uuid>) -> bool {
        lane.is_some() && self.under_way.iter().any(|group| group.lane == lane)
    }

    /// How many workers are not stuck.
    fn at_work(&self, now: Instant, stuck_after: Duration) -> usize {
        let is_stuck = |group: &&UnderWay| now.saturating_duration_since(group.since) > stuck_after;
        self.workers.saturating_sub(self.under_way.iter().filter(is_stuck).count())
    }
}

impl<G: Group> Worker<G> {
    /// Starts one that is counted already.
    fn start(shared: &Arc<Shared<G>>) {
        let worker = Self { shared: Arc::clone(shared), counted: true };
        spawn_blocking(move || worker.work());
    }

    /// Carries out groups until nothing waits that others do not have under way, or do not need help with.
    fn work(mut self) {
        let mut done = None;
        while let Some((group, under_way)) = self.shared.next_group(done) {
            done = Some(under_way);
            let part = group.into_iter().map(|caller| (caller.command, caller.answer)).unzip();
            // The callers of a group that panics lose their answers and are told so; those that wait are not theirs.
            let _panic = catch_unwind(AssertUnwindSafe(|| self.shared.answer(part)));
        }
        self.counted = false;
    }
}

impl<G: Group> Drop for Worker<G> {
    fn drop(&mut self) {
        self.shared.state().workers -= usize::from(self.counted);
    }
}

impl<G: Group> Shared<G> {
    /// Takes a caller in, and tells what has to be started for it, which is counted already.
    fn enqueue(&self, caller: Caller<G>) -> Result<Start, BackendError> {
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

    /// What waits now, is still wanted and goes together, up to the bound. When nothing does, or when the worker was a
    /// spare one and is no longer needed, it is counted out in the same breath, so that a command which comes a moment
    /// later starts another one. `done` is the worker's last group.
    fn next_group(&self, done: Option<UnderWay>) -> Option<(Vec<Caller<G>>, UnderWay)> {
        let (mut state, now) = (self.state(), Instant::now());
        if let Some(place) = state.under_way.iter().position(|group| Some(*group) == done) {
            state.under_way.swap_remove(place);
        }
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

    fn answer(&self, group: Part<G>) {
        let (start, mut parts) = (Instant::now(), vec![group]);
        while let Some((commands, answers)) = parts.pop() {
            // What was tried before may have taken longer than a caller waits.
            let wanted = commands.into_iter().zip(answers).filter(|(_, answer)| !answer.is_closed());
            let (mut commands, mut answers): Part<G> = wanted.unzip();
            if commands.is_empty() {
                continue;
            }
            let failed = match self.group.carry_out(&commands) {
                Ok(outcomes) => {
                    debug_assert_eq!(outcomes.len(), answers.len(), "one outcome per command");
                    // Whatever a command stands for is over when its caller hears of it.
                    drop(commands);
                    // A caller that has gone away by now does not hear of it: its command was carried out all the same.
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

    fn state(&self) -> MutexGuard<'_, State<G>> {
        // Nothing panics while it holds the lock, and the queue is whole between any two statements.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn error<G: Group>(kind: BackendErrorKind, message: &'static str) -> BackendError {
    BackendError::new(G::BACKEND, kind, message)
}

#[cfg(test)]
mod tests;
