//! What is kept, and the one way to change it: a write sees everything as it is, and happens whole or not at all.
//!
//! Here is where your database goes: [`State`] becomes its tables and [`Store::write`] its transaction. This one copies
//! everything for each write and puts the copy in the place of the original at the end, so a refusal on the way undoes
//! what was done before it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use stint_domain::access::Token;
use stint_domain::ledger::{Applied, Fingerprint, Idempotency, IdempotencyKey, Job, TimeEntry, TotalMinutes};
use stint_domain::values::{JobId, TimeEntryId, Timestamp, TokenId};
use stint_domain::{BackendError, BackendErrorKind};

/// A ledger and its tokens. A clone shares them.
#[derive(Clone, Default)]
pub struct Store {
    kept: Arc<Mutex<Arc<State>>>,
}

/// All that is kept.
#[derive(Clone, Default)]
pub(crate) struct State {
    pub(crate) jobs: BTreeMap<JobId, Job>,
    pub(crate) entries: BTreeMap<TimeEntryId, TimeEntry>,
    pub(crate) tokens: BTreeMap<TokenId, Token>,
    outcomes: HashMap<(TokenId, IdempotencyKey), Outcome>,
}

/// What the write with an idempotency key did. A database keeps it as text or bytes, with its kind: a `Job`, a
/// `TimeEntry` or a `BatchOutcome`.
#[derive(Clone)]
struct Outcome {
    fingerprint: Fingerprint,
    at: Timestamp,
    what: Arc<dyn Any + Send + Sync>,
}

impl Store {
    /// Everything as it is after the last write.
    pub(crate) fn read(&self) -> Arc<State> {
        self.lock().clone()
    }

    /// Carries out one write: all of it, or nothing when it fails.
    pub(crate) fn write<T, E>(&self, change: impl FnOnce(&mut State) -> Result<T, E>) -> Result<T, E> {
        let mut kept = self.lock();
        let mut state = State::clone(&kept);
        let done = change(&mut state)?;
        *kept = Arc::new(state);
        Ok(done)
    }

    /// The same, once per idempotency key: a repeat gets the first outcome and changes nothing, and another request under
    /// the same key is refused with `key_reused`.
    pub(crate) fn write_once<T: Clone + Send + Sync + 'static, E>(
        &self,
        (key, at): (Option<Idempotency>, Timestamp),
        key_reused: E,
        change: impl FnOnce(&mut State) -> Result<T, E>,
    ) -> Result<Applied<T>, E> {
        let Some(Idempotency { token, key, fingerprint }) = key else { return self.write(change).map(Applied::now) };
        self.write(|state| {
            state.outcomes.retain(|_, outcome| outcome.at.as_micros() + Idempotency::KEPT_MICROS >= at.as_micros());
            if let Some(outcome) = state.outcomes.get(&(token, key.clone())) {
                let earlier = outcome.what.downcast_ref::<T>().filter(|_| outcome.fingerprint == fingerprint);
                return earlier.cloned().map(Applied::earlier).ok_or(key_reused);
            }
            let done = change(state)?;
            state.outcomes.insert((token, key), Outcome { fingerprint, at, what: Arc::new(done.clone()) });
            Ok(Applied::now(done))
        })
    }

    /// Makes a job's total what no write could. Your tests do that around the adapter, by its database's own means.
    #[doc(hidden)]
    pub fn plant_total(&self, job: JobId, total: TotalMinutes) {
        if let Some(job) = Arc::make_mut(&mut self.lock()).jobs.get_mut(&job) {
            job.total_minutes = total;
        }
    }

    /// A write that panics leaves what was there before it, so nobody else has to mind.
    fn lock(&self) -> MutexGuard<'_, Arc<State>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A failure that is a defect.
pub(crate) fn internal(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> BackendError {
    BackendError::new(env!("CARGO_PKG_NAME"), BackendErrorKind::Internal, why)
}
