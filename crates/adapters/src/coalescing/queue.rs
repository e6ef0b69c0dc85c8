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
//!   twice. Only when those at work seem to be stuck (one waits for a lock, say), a spare one is started.
//! - **Refusals are outcomes.** "The job is archived" is what one command gets; it is no failure of its group. A
//!   failure means that nothing of the group was done ([`GroupError::Undone`]) or that nobody knows
//!   ([`GroupError::Unknown`]: the answer to a commit was lost).
//! - **One bad command must not fail its neighbours.** A group that was undone is split in halves until the command
//!   that cannot be done stands alone. When the database is not there, nothing is split: all get the same answer.
//! - **Who has gone away costs nothing.** A command whose caller no longer waits is dropped before it is carried out.
//! - **The queue is bounded.** When it is full the caller is refused at once, instead of waiting for a time-out.
//!
//! Deliberately absent: what a command is. This file knows neither the ledger nor a database.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use stint_domain::ports::{BackendError, BackendErrorKind};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

use super::metrics::QueueMetrics;

/// Carries out commands of one kind together.
pub(crate) trait Group: Send + Sync + 'static {
    /// What callers want done.
    type Command: Send + 'static;
    /// What a caller gets, refusals included.
    type Outcome: Send + 'static;

    /// The backend that errors name.
    const BACKEND: &'static str;

    /// How much of a group's bound the command takes up: the rows that it writes, say.
    fn weight(_command: &Self::Command) -> usize {
        1
    }

    /// Carries out all commands, in order where the order matters, and gives one outcome for each. Blocks.
    fn carry_out(&self, commands: &[Self::Command]) -> Result<Vec<Self::Outcome>, GroupError>;
}

/// A group that has no outcomes.
#[derive(Debug, Clone)]
pub(crate) enum GroupError {
    /// Nothing of it was done.
    Undone(BackendError),
    /// Nobody knows whether it was done.
    Unknown(BackendError),
}

/// How many and how much at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    /// The most groups under way at the same time.
    pub workers: usize,
    /// How many more when these seem to be stuck.
    pub spare_workers: usize,
    /// How long no group was taken, when they seem to be: many times what a group takes.
    pub stuck_after: Duration,
    /// The most that a group weighs; a command that weighs more by itself goes alone.
    pub group_weight: usize,
    /// The most commands that wait; the next caller is refused at once.
    pub max_waiting: usize,
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
    workers: usize,
    /// When a group was taken last.
    taken: Instant,
}

struct Caller<G: Group> {
    command: G::Command,
    answer: Answer<G>,
    since: Instant,
}

type Answer<G> = oneshot::Sender<Result<<G as Group>::Outcome, BackendError>>;

impl<G: Group> Clone for Coalescer<G> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<G: Group> Coalescer<G> {
    pub(crate) fn new(group: G, limits: GroupLimits) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), workers: 0, taken: Instant::now() });
        Self(Arc::new(Shared { group, limits, metrics: QueueMetrics::default(), state }))
    }

    pub(crate) fn metrics(&self) -> &QueueMetrics {
        &self.0.metrics
    }

    /// The outcome of `command`, once the group that it was part of is done.
    pub(crate) async fn submit(&self, command: G::Command) -> Result<G::Outcome, BackendError> {
        let (answer, outcome) = oneshot::channel();
        if self.0.enqueue(Caller { command, answer, since: Instant::now() })? {
            let shared = Arc::clone(&self.0);
            spawn_blocking(move || shared.work());
        }
        // Only a panic below leaves a caller without an answer.
        outcome.await.unwrap_or_else(|_dropped| Err(error::<G>(BackendErrorKind::Internal, "the group was given up")))
    }
}

impl<G: Group> Shared<G> {
    /// Whether a worker has to be started for the caller.
    fn enqueue(&self, caller: Caller<G>) -> Result<bool, BackendError> {
        let mut state = self.state();
        if state.waiting.len() >= self.limits.max_waiting {
            self.metrics.refused.inc();
            return Err(error::<G>(BackendErrorKind::Unavailable, "too many commands are waiting"));
        }
        let GroupLimits { workers, spare_workers, stuck_after, .. } = self.limits;
        let stuck = caller.since.saturating_duration_since(state.taken) > stuck_after;
        let start = state.workers < workers + if stuck { spare_workers } else { 0 };
        state.waiting.push_back(caller);
        self.metrics.waiting.inc();
        state.workers += usize::from(start);
        Ok(start)
    }

    /// Carries out groups until nothing waits.
    fn work(&self) {
        while let Some(group) = self.next_group() {
            let (commands, answers) = group.into_iter().map(|caller| (caller.command, caller.answer)).unzip();
            // The callers of a group that panics lose their answers and are told so; those that wait are not theirs.
            let _panic = catch_unwind(AssertUnwindSafe(|| self.answer(commands, answers)));
        }
    }

    /// What waits now and is still wanted, up to the bound. When nothing is, the worker is counted out in the same
    /// breath, so that a command which comes a moment later starts another one.
    fn next_group(&self) -> Option<Vec<Caller<G>>> {
        let mut state = self.state();
        let (mut group, mut weight) = (Vec::new(), 0);
        while let Some(caller) = state.waiting.pop_front() {
            self.metrics.waiting.dec();
            if caller.answer.is_closed() {
                continue;
            }
            weight += G::weight(&caller.command);
            if weight > self.limits.group_weight && !group.is_empty() {
                self.metrics.waiting.inc();
                state.waiting.push_front(caller);
                break;
            }
            self.metrics.waited.observe(caller.since.elapsed().as_secs_f64());
            group.push(caller);
        }
        if group.is_empty() {
            state.workers -= 1;
            return None;
        }
        state.taken = Instant::now();
        self.metrics.group_size.observe(f64::from(u32::try_from(group.len()).unwrap_or(u32::MAX)));
        Some(group)
    }

    fn answer(&self, commands: Vec<G::Command>, answers: Vec<Answer<G>>) {
        // What was tried before may have taken longer than a caller waits.
        let wanted = commands.into_iter().zip(answers).filter(|(_, answer)| !answer.is_closed());
        let (mut commands, mut answers): (Vec<_>, Vec<_>) = wanted.unzip();
        if commands.is_empty() {
            return;
        }
        let (GroupError::Undone(error) | GroupError::Unknown(error)) = match self.group.carry_out(&commands) {
            Ok(outcomes) => {
                debug_assert_eq!(outcomes.len(), answers.len(), "one outcome per command");
                // A caller that has gone away by now does not hear of it: its command was carried out all the same.
                return answers.into_iter().zip(outcomes).for_each(|(answer, outcome)| drop(answer.send(Ok(outcome))));
            }
            Err(GroupError::Undone(error)) if commands.len() > 1 && error.kind != BackendErrorKind::Unavailable => {
                let half = commands.len() / 2;
                let (others, their_answers) = (commands.split_off(half), answers.split_off(half));
                self.answer(commands, answers);
                return self.answer(others, their_answers);
            }
            Err(failed) => failed,
        };
        for answer in answers {
            let _gone = answer.send(Err(error.clone()));
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
