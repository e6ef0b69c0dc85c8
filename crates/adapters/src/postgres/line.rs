//! A connection that look-ups share: which of them are under way, since when, and until when an answer is waited for.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use futures::future::BoxFuture;
use stint_domain::{BackendError, BackendErrorKind};
use tokio::time::{Instant, timeout_at};

use super::attempt::Failure;
use super::connection::Opened;
use super::error::BACKEND;

/// How long a look-up waits until its connection counts as slow: many times the usual time.
pub(super) const SLOW: Duration = Duration::from_millis(50);

/// A statement, and what its rows mean. It may be sent twice.
pub(super) type LookUp<I, T> =
    dyn for<'a> Fn(&'a AsyncPgConnection, &'a I) -> BoxFuture<'a, Result<T, Failure<BackendError>>> + Send + Sync;

/// One connection.
pub(super) struct Line {
    pub(super) opened: Opened,
    pub(super) generation: u64,
    /// How many times it is used before its statements are planned again; `None` means never.
    uses_per_plan: Option<u32>,
    /// How often it was used since the last planning.
    uses: AtomicU32,
    under_way: Mutex<UnderWay>,
    /// Whether nothing more is sent on it: an answer was waited for in vain, or a failure asks for another connection.
    is_given_up: AtomicBool,
}

/// When the look-ups under way were sent, by their number.
#[derive(Default)]
struct UnderWay {
    sent: BTreeMap<u64, Instant>,
    last: u64,
}

/// A look-up that is under way until this is dropped.
pub(super) struct Sent<'a> {
    line: &'a Line,
    number: u64,
    pub(super) at: Instant,
}

impl Line {
    pub(super) fn new(opened: Opened, generation: u64, uses_per_plan: Option<u32>) -> Self {
        let (uses, under_way, is_given_up) = (AtomicU32::new(0), Mutex::default(), AtomicBool::new(false));
        Self { opened, generation, uses_per_plan, uses, under_way, is_given_up }
    }

    /// Sends a look-up, and waits for its answer.
    pub(super) async fn ask<I, T>(&self, input: &I, look_up: &LookUp<I, T>) -> Result<T, Failure<BackendError>> {
        self.plan_again().await;
        look_up(&self.opened.connection, input).await
    }

    /// Waits until `end`, and then gives up the connection, because the server is silent.
    pub(super) async fn wait<T>(
        &self,
        end: Instant,
        answer: impl Future<Output = Result<T, Failure<BackendError>>>,
    ) -> Result<T, Failure<BackendError>> {
        timeout_at(end, answer).await.unwrap_or_else(|elapsed| {
            self.give_up();
            self.opened.cut();
            Err(Failure::Refused(BackendError::new(BACKEND, BackendErrorKind::Timeout, elapsed)))
        })
    }

    pub(super) fn send(&self) -> Sent<'_> {
        let at = Instant::now();
        let mut under_way = self.under_way();
        under_way.last += 1;
        let number = under_way.last;
        under_way.sent.insert(number, at);
        Sent { line: self, number, at }
    }

    /// Whether the oldest look-up under way has waited for long.
    pub(super) fn is_slow(&self) -> bool {
        self.under_way().sent.first_key_value().is_some_and(|(_, at)| at.elapsed() > SLOW)
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_given_up.load(Ordering::Relaxed) || self.opened.has_ended()
    }

    /// Makes the server plan the statements again now and then.
    async fn plan_again(&self) {
        if self.uses_per_plan.is_some_and(|most| self.uses.fetch_add(1, Ordering::Relaxed) >= most) {
            self.uses.store(0, Ordering::Relaxed);
            // If it fails, so does the next statement.
            let _ = (&self.opened.connection).batch_execute("DISCARD PLANS").await;
        }
    }

    /// How many look-ups are under way.
    pub(super) fn load(&self) -> usize {
        self.under_way().sent.len()
    }

    /// Sends nothing more on it.
    pub(super) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    fn under_way(&self) -> MutexGuard<'_, UnderWay> {
        // Nothing panics while it holds the lock.
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sent<'_> {
    /// Whether the server owes no earlier look-up an answer.
    pub(super) fn is_first(&self) -> bool {
        self.line.under_way().sent.keys().next().is_none_or(|first| *first == self.number)
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        self.line.under_way().sent.remove(&self.number);
    }
}
