//! Sessions that callers take in turn.
//!
//! What a caller does with a session is a task of its own. So a caller that gives up abandons nothing: the task goes
//! on to its end, within the server's time-outs, and returns the session. A session whose task did not come to its
//! end (a panic, the end of the runtime) is closed, because nobody knows what it was told; the server then undoes its
//! transaction.

use std::sync::{Arc, Mutex, PoisonError};

use diesel_async::AsyncPgConnection;
use futures::future::BoxFuture;
use stint_domain::BackendError;
use tokio::task::spawn;

use super::attempt::{Failure, Repeat, attempt};
use super::error::BACKEND;
use super::session::{Session, Sessions};
use crate::joined::aborted;
use crate::pool_metrics::PoolMetrics;
use crate::turns::{QueueLimits, Turn, Turns};

/// A bounded number of sessions. Clones share them.
#[derive(Clone)]
pub(super) struct Pool {
    sessions: Sessions,
    turns: Turns,
    /// The places that nobody has taken. The one that was used last is taken first.
    free: Arc<Mutex<Vec<Session>>>,
}

/// A session that was taken. It is closed when it is dropped, unless it was [given back](Self::give_back).
pub(super) struct Taken {
    pub(super) session: Session,
    free: Arc<Mutex<Vec<Session>>>,
    turn: Turn,
}

impl Pool {
    pub(super) fn new(sessions: Sessions, size: u32, limits: QueueLimits) -> Self {
        Self { sessions, turns: Turns::new(BACKEND, size.max(1), limits), free: Arc::default() }
    }

    pub(super) fn metrics(&self) -> &PoolMetrics {
        self.turns.metrics()
    }

    /// Waits for a session, for a caller that is a task of its own.
    pub(super) async fn take(&self) -> Result<Taken, BackendError> {
        let turn = self.turns.next().await?;
        let session = places(&self.free).pop().unwrap_or_else(|| self.sessions.place());
        Ok(Taken { session, free: Arc::clone(&self.free), turn })
    }

    /// Runs `work` on a session, in a task of its own.
    pub(super) async fn with<I, T>(
        &self,
        input: I,
        work: impl for<'a> FnOnce(&'a mut Session, &'a I) -> BoxFuture<'a, T> + Send + 'static,
    ) -> Result<T, BackendError>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
    {
        let mut taken = self.take().await?;
        let task = spawn(async move {
            let outcome = work(&mut taken.session, &input).await;
            taken.give_back();
            outcome
        });
        task.await.map_err(|error| aborted(BACKEND, error))
    }

    /// Carries out `operation` on `input` until it has a result for its caller, in a task of its own.
    pub(super) async fn run<I, T, R>(
        &self,
        repeat: Repeat,
        input: I,
        operation: impl for<'a> Fn(&'a mut AsyncPgConnection, &'a I) -> BoxFuture<'a, Result<T, Failure<R>>>
        + Send
        + Sync
        + 'static,
    ) -> Result<T, R>
    where
        I: Send + Sync + 'static,
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        let input = (input, operation);
        self.with(input, move |session, (input, operation)| Box::pin(attempt(session, repeat, input, operation)))
            .await?
    }
}

impl Taken {
    /// Returns the session to its pool.
    pub(super) fn give_back(self) {
        let Self { mut session, free, turn } = self;
        session.tidy();
        places(&free).push(session);
        // Ends last: whoever comes next finds the session.
        drop(turn);
    }
}

fn places(free: &Mutex<Vec<Session>>) -> std::sync::MutexGuard<'_, Vec<Session>> {
    // Nothing panics while it holds the lock.
    free.lock().unwrap_or_else(PoisonError::into_inner)
}
