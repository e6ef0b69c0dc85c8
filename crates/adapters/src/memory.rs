//! A ledger in memory: the reference implementation of the ports, and the backend for tests of the layers above.
//!
//! One lock around plain maps makes every call atomic. Each write first looks for a reason to refuse and only then
//! changes anything, so that a refusal leaves no trace. It deliberately keeps nothing on disk, indexes no listing and
//! never forgets an idempotency key: it is for tests and for reading, not for a deployment.

mod health;
mod job;
mod ledger;
mod time_entry;
mod token;
mod totals;

use std::sync::{Arc, Mutex, MutexGuard};

use stint_domain::Token;

use self::ledger::Ledger;

/// The name of this backend in errors.
const BACKEND: &str = "memory";

/// Jobs, entries and tokens in memory. A clone shares them.
#[derive(Clone, Default)]
pub struct Memory {
    ledger: Arc<Mutex<Ledger>>,
    tokens: Arc<Mutex<Vec<Token>>>,
}

impl Memory {
    /// An empty ledger without tokens.
    pub fn new() -> Self {
        Self::default()
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no call panics while it holds the ledger")
    }

    fn tokens(&self) -> MutexGuard<'_, Vec<Token>> {
        self.tokens.lock().expect("no call panics while it holds the tokens")
    }
}
