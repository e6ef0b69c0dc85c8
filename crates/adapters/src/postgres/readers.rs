//! The connections for look-ups: one for each thread that looks something up, and a second one when the first is slow.
//!
//! The look-ups of a thread share its connection. They are sent one after the other without waiting for answers
//! (pipelined), and nothing crosses threads on the way. The server answers them in order, so one that is slow would
//! keep all behind it waiting. So a connection on which one has waited for [`SLOW`] gets no more of them, and those
//! that wait behind it move to the thread's other connection: a look-up can always be sent twice. The slow one itself
//! waits until the server ends it (its statement time-out), or for a little longer if the server is silent.
//!
//! A transaction pooler gives a client a server for one transaction only, so there look-ups take sessions in turn, as
//! everybody else does.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::result::Error;
use stint_domain::BackendError;
use thread_local::ThreadLocal;
use tokio::select;
use tokio::time::{Instant, timeout_at};

use super::attempt::{Doubt, Failure, Repeat, attempt, attempt_on};
use super::error::{Fault, fault};
use super::line::{Line, LookUp, SLOW};
use super::link::Link;
use super::pool::Pool;
use super::session::Sessions;

/// How many connections a thread has at most.
const MOST: usize = 2;

/// How much longer than its own time-out the server may take to answer.
const GRACE: Duration = Duration::from_secs(1);

/// Looks things up. Clones share the connections.
#[derive(Clone)]
pub(super) struct Readers {
    sessions: Sessions,
    /// How long a look-up waits for its answer.
    patience: Duration,
    threads: Arc<ThreadLocal<Arc<Lines>>>,
    /// Whose sessions they take behind a transaction pooler.
    pool: Pool,
}

/// The connections of one thread.
#[derive(Default)]
struct Lines {
    open: Mutex<Vec<Arc<Line>>>,
    /// Locked while one is opened. When and why a connection was last refused.
    refused: tokio::sync::Mutex<Option<(Instant, BackendError)>>,
}

/// The way from a thread to the database.
struct Reader<'a> {
    readers: &'a Readers,
    lines: Arc<Lines>,
    line: Option<Arc<Line>>,
}

impl Readers {
    /// Look-ups in `sessions`, or behind a transaction pooler in those of `pool`.
    pub(super) fn new(sessions: Sessions, statement_timeout: Duration, pool: Pool) -> Self {
        Self { sessions, patience: statement_timeout + GRACE, threads: Arc::default(), pool }
    }

    /// Looks something up, for a caller that is a task of its own.
    pub(super) async fn read<I: Sync, T: Send>(&self, input: I, look_up: &LookUp<I, T>) -> Result<T, BackendError> {
        if self.sessions.are_pooled() {
            let mut taken = self.pool.take().await?;
            let found =
                attempt(&mut taken.session, Repeat::Reads, &(input, look_up), &|connection, (input, look_up)| {
                    look_up(connection, input)
                })
                .await;
            taken.give_back();
            return found;
        }
        let lines = Arc::clone(self.threads.get_or_default());
        let mut reader = Reader { readers: self, lines: Arc::clone(&lines), line: None };
        let (input, mut doubt) = ((self, lines, input), Doubt::default());
        attempt_on(&mut reader, Repeat::Reads, &mut doubt, &input, &|line, (readers, lines, input)| {
            Box::pin(readers.on_line(lines, line, input, look_up))
        })
        .await
    }

    /// Looks something up on the line, and on another one if it waits behind a slow look-up.
    async fn on_line<I: Sync, T: Send>(
        &self,
        lines: &Lines,
        line: &mut Arc<Line>,
        input: &I,
        look_up: &LookUp<I, T>,
    ) -> Result<T, Failure<BackendError>> {
        let first = Arc::clone(line);
        let sent = first.send();
        let mut answer = pin!(first.ask(input, look_up));
        if let Ok(found) = timeout_at(sent.at + SLOW, answer.as_mut()).await {
            return found;
        }
        if !sent.is_first() {
            let other = select! {
                biased;
                found = answer.as_mut() => return found,
                other = self.line(lines) => other.ok().filter(|other| !other.is_slow()),
            };
            if let Some(other) = other {
                drop(sent);
                *line = other;
                let sent = line.send();
                return line.wait(sent.at + self.patience, line.ask(input, look_up)).await;
            }
        }
        first.wait(sent.at + self.patience, answer).await
    }

    /// A connection that is not slow, or the one with the fewest look-ups under way. Whoever waits while one is opened
    /// gets the error if that fails and there is no other.
    async fn line(&self, lines: &Lines) -> Result<Arc<Line>, BackendError> {
        let since = Instant::now();
        let best = match self.best(lines) {
            (Some(line), false) => return Ok(line),
            (best, _) => best,
        };
        let mut refused = match (lines.refused.try_lock(), &best) {
            (Ok(refused), _) => refused,
            // Somebody opens one.
            (Err(_), Some(line)) => return Ok(Arc::clone(line)),
            (Err(_), None) => {
                let refused = lines.refused.lock().await;
                if let (Some(line), _) = self.best(lines) {
                    return Ok(line);
                }
                match refused.as_ref() {
                    Some((at, error)) if *at >= since => return Err(error.clone()),
                    _ => refused,
                }
            }
        };
        let generation = self.sessions.generation();
        match (self.sessions.open_here().await, best) {
            (Ok(opened), _) => {
                let line = Arc::new(Line::new(opened, generation, self.sessions.uses_per_plan()));
                lines.open().push(Arc::clone(&line));
                Ok(line)
            }
            (Err(_refused), Some(line)) => Ok(line),
            (Err(error), None) => {
                *refused = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// The best connection that there is, and whether another one would be better.
    fn best(&self, lines: &Lines) -> (Option<Arc<Line>>, bool) {
        let generation = self.sessions.generation();
        let mut open = lines.open();
        open.retain(|line| line.generation == generation && !line.is_over());
        if let Some(line) = open.iter().find(|line| !line.is_slow()) {
            return (Some(Arc::clone(line)), false);
        }
        let least = open.iter().min_by_key(|line| line.load());
        (least.cloned(), open.len() < MOST)
    }
}

impl Lines {
    fn open(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        // Nothing panics while it holds the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Link for Reader<'_> {
    type Connection = Arc<Line>;

    async fn connection(&mut self) -> Result<&mut Arc<Line>, BackendError> {
        let line = self.readers.line(&self.lines).await?;
        Ok(self.line.insert(line))
    }

    async fn fault(&self, error: &Error) -> Fault {
        match &self.line {
            Some(line) => line.opened.fault(error).await,
            None => fault(error),
        }
    }

    fn failed(&mut self, fault: Fault) -> bool {
        let Some(line) = &self.line else { return true };
        let age = line.opened.since.elapsed();
        let replaced = self.readers.sessions.are_replaced(line.generation, fault, line.opened.has_ended(), age);
        if replaced {
            line.give_up();
        }
        replaced
    }
}
