//! A ledger in memory: the reference implementation of the ports, and the backend for tests of the layers above.
//!
//! One lock around plain maps ([`crate::ledger`]) makes every call atomic. The backend deliberately writes nothing to
//! disk, has no indexes for listings, and deletes nothing unless told to. It is for tests and for reading, not for a
//! deployment.

mod access;
mod background;
mod capture;
mod health;
mod ledger;
mod people;
mod state;
mod timers;

use std::sync::{Arc, Mutex, MutexGuard};

use stint_domain::access::Token;
use stint_domain::background::ports::task::TaskRun;
use stint_domain::ledger::TotalMinutes;
use stint_domain::people::ports::person::Account;
use stint_domain::values::JobId;
use tokio::sync::Notify;

use self::state::{Capture, CountedProjects, FirstUses, Identities, Queue};
use crate::ledger::Ledger;
use crate::timers::StoredTimer;

/// The name of this backend in errors.
const BACKEND: &str = "memory";

/// Jobs, entries, people, timers, tokens, pings, the queue and task runs in memory. Clones share them.
#[derive(Clone)]
pub struct Memory {
    ledger: Arc<Mutex<Ledger>>,
    people: Arc<Mutex<Vec<Account>>>,
    identities: Arc<Mutex<Identities>>,
    timers: Arc<Mutex<Vec<StoredTimer>>>,
    tokens: Arc<Mutex<Vec<Token>>>,
    capture: Arc<Mutex<Capture>>,
    new_projects: Arc<Mutex<CountedProjects>>,
    first_uses: Arc<Mutex<FirstUses>>,
    task_runs: Arc<Mutex<Vec<TaskRun>>>,
    pings: Arc<Mutex<Queue>>,
    /// Wakes waiting takes after a push.
    pushed: Arc<Notify>,
}

impl Memory {
    /// An empty ledger without people and tokens.
    pub fn new() -> Self {
        Self {
            ledger: Arc::new(Mutex::new(Ledger::new(BACKEND))),
            people: Arc::default(),
            identities: Arc::default(),
            timers: Arc::default(),
            tokens: Arc::default(),
            capture: Arc::default(),
            new_projects: Arc::default(),
            first_uses: Arc::default(),
            task_runs: Arc::default(),
            pings: Arc::default(),
            pushed: Arc::default(),
        }
    }

    /// Sets a job's total to a value that no write could give it, for tests of the audit.
    pub fn plant_total(&self, job: JobId, total: TotalMinutes) {
        if let Some(job) = self.ledger().jobs.get_mut(&job) {
            job.total_minutes = total;
        }
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().expect("no call panics while it holds the ledger")
    }

    /// Lock this after the ledger.
    fn capture(&self) -> MutexGuard<'_, Capture> {
        self.capture.lock().expect("no call panics while it holds what was captured")
    }

    /// Hold no other lock with this one.
    fn new_projects(&self) -> MutexGuard<'_, CountedProjects> {
        self.new_projects.lock().expect("no call panics while it holds the projects that were counted")
    }

    /// Hold no other lock with this one.
    fn task_runs(&self) -> MutexGuard<'_, Vec<TaskRun>> {
        self.task_runs.lock().expect("no call panics while it holds the runs of tasks")
    }

    fn pings(&self) -> MutexGuard<'_, Queue> {
        self.pings.lock().expect("no call panics while it holds the pings")
    }

    /// Lock this after the ledger and before the tokens.
    fn people(&self) -> MutexGuard<'_, Vec<Account>> {
        self.people.lock().expect("no call panics while it holds the people")
    }

    /// Lock this after the people and before the tokens.
    fn identities(&self) -> MutexGuard<'_, Identities> {
        self.identities.lock().expect("no call panics while it holds the identities")
    }

    /// Lock this after the people and the identities, and before the tokens.
    fn timers(&self) -> MutexGuard<'_, Vec<StoredTimer>> {
        self.timers.lock().expect("no call panics while it holds the timers")
    }

    /// Lock this last.
    fn tokens(&self) -> MutexGuard<'_, Vec<Token>> {
        self.tokens.lock().expect("no call panics while it holds the tokens")
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}
