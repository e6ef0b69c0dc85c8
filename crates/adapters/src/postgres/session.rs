//! A place in a pool and its connection, which is opened when it is first needed and again when it was lost.
//!
//! So the first request after a restart of the server connects, and a request during the restart fails at once.
//!
//! Connections have a generation. When one is lost, the others of its generation most likely are too (a restart, a
//! failover), so all of them are replaced before they are used again. So a restart fails only the requests that were
//! running. The same happens when a connection may no longer write, because its server became a standby: by now the
//! address may lead to another server. Where a new connection may not write either, replacing more of them gains
//! nothing, so this happens at most once a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use diesel::result::Error;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};
use stint_domain::BackendError;
use tokio::runtime::Handle;

use super::connection::{Destination, Greeting, Opened};
use super::error::{Fault, backend_error, fault};
use super::link::Link;
use super::running::Running;
use super::{PostgresSettings, sqlstate};

/// How long a new connection that may not write is kept before it is replaced.
const FRESH: Duration = Duration::from_secs(1);

/// Makes sessions. Clones make sessions of the same generation.
#[derive(Debug, Clone)]
pub(super) struct Sessions(Arc<How>);

/// What sessions share.
#[derive(Debug)]
struct How {
    destination: Arc<Destination>,
    greeting: Greeting,
    /// How many times a connection is used before its statements are planned again; `None` means never.
    uses_per_plan: Option<u32>,
    generation: Arc<AtomicU64>,
    running: Arc<Running>,
    /// The runtime that drives the connections; `None` means the one in which they are opened.
    home: Option<Handle>,
}

/// A place in a pool.
pub(super) struct Session {
    sessions: Sessions,
    generation: u64,
    opened: Option<Opened>,
    /// How many times the place was used since the last planning.
    uses: u32,
    /// Whether its user has not come to an end.
    is_in_use: bool,
}

impl Sessions {
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let running = Arc::<Running>::default();
        Self(Arc::new(How {
            destination: Arc::new(Destination::of(settings)),
            greeting: greeting(settings, "", &running),
            uses_per_plan: None,
            generation: Arc::default(),
            running,
            home: Handle::try_current().ok(),
        }))
    }

    /// Sessions for groups, whose statements find every row by its key. One plan is right for them, however large the
    /// group: reading a whole table never is, and making a plan takes longer than executing it. But a plan that was
    /// made while a table had few rows may choose the wrong index, so plans are made again now and then.
    pub(super) fn for_groups(&self, settings: &PostgresSettings) -> Self {
        let settings = PostgresSettings { lock_timeout: settings.group_lock_timeout, ..settings.clone() };
        let plans = "; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";
        let How { destination, generation, running, home, .. } = self.0.as_ref();
        Self(Arc::new(How {
            destination: Arc::clone(destination),
            greeting: greeting(&settings, plans, running),
            uses_per_plan: (!settings.transaction_pooling).then_some(settings.group_uses_per_plan),
            generation: Arc::clone(generation),
            running: Arc::clone(running),
            home: home.clone(),
        }))
    }

    /// A place without a connection.
    pub(super) fn place(&self) -> Session {
        Session { sessions: self.clone(), generation: 0, opened: None, uses: 0, is_in_use: false }
    }

    /// Opens a connection, which is driven by the pools' runtime.
    pub(super) async fn open(&self) -> Result<Opened, BackendError> {
        Opened::open(&self.0.destination, &self.0.greeting, self.0.home.as_ref()).await
    }

    /// Opens a connection, which is driven by the current runtime.
    pub(super) async fn open_here(&self) -> Result<Opened, BackendError> {
        Opened::open(&self.0.destination, &self.0.greeting, None).await
    }

    /// Makes the server end the statements that still run in these sessions.
    pub(super) async fn end_statements(&self) -> Result<(), BackendError> {
        if self.are_pooled() {
            return Ok(());
        }
        let mut opened = self.open().await?;
        self.0.running.cancel(&mut opened.connection).await.map_err(backend_error)
    }

    /// Whether a transaction pooler stands before the server.
    pub(super) fn are_pooled(&self) -> bool {
        matches!(self.0.greeting, Greeting::Pooler)
    }

    /// How many times a connection is used before its statements are planned again.
    pub(super) fn uses_per_plan(&self) -> Option<u32> {
        self.0.uses_per_plan
    }

    /// The generation of connections that are opened now.
    pub(super) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::Acquire)
    }

    /// Gives up all connections of this generation: a single step, however many of them report their loss.
    fn give_up(&self, generation: u64) {
        let _ = self.0.generation.compare_exchange(generation, generation + 1, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Whether a connection of this generation is replaced after a failure. Replaces the others if need be.
    pub(super) fn are_replaced(&self, generation: u64, fault: Fault, is_broken: bool, age: Duration) -> bool {
        match fault.sessions() {
            sqlstate::Sessions::ReplaceAll if !is_broken && fault == Fault::ReadOnly && age < FRESH => return false,
            sqlstate::Sessions::ReplaceOne => {}
            sqlstate::Sessions::Stay if !is_broken => return false,
            sqlstate::Sessions::ReplaceAll | sqlstate::Sessions::Stay => self.give_up(generation),
        }
        true
    }
}

/// Sets the time-outs, the isolation level that the statements are written for, messages that `error` can read (where
/// the role may choose their language), and (from Postgres 14 on) that the server ends the statements of a process
/// that is gone.
fn greeting(settings: &PostgresSettings, more: &str, running: &Arc<Running>) -> Greeting {
    if settings.transaction_pooling {
        return Greeting::Pooler;
    }
    let (statement, lock) = (settings.statement_timeout.as_millis(), settings.lock_timeout.as_millis());
    let statements = format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {statement}; \
         SET default_transaction_isolation = 'read committed'; \
         DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
         EXCEPTION WHEN insufficient_privilege THEN NULL; END $$; \
         DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '5s', false); \
         EXCEPTION WHEN undefined_object OR invalid_parameter_value THEN NULL; END $${more}"
    );
    Greeting::Session(statements, Arc::clone(running))
}

impl Link for Session {
    type Connection = AsyncPgConnection;

    async fn connection(&mut self) -> Result<&mut AsyncPgConnection, BackendError> {
        let current = self.sessions.generation();
        if self.generation != current {
            self.opened = None;
        }
        // What is known to be over is not tried.
        self.opened.take_if(Opened::is_broken);
        self.uses += 1;
        if self.sessions.uses_per_plan().is_some_and(|most| self.uses > most) {
            self.forget_plans().await;
        }
        let opened = match self.opened.take() {
            Some(opened) => opened,
            None => self.sessions.open().await?,
        };
        self.generation = current;
        self.is_in_use = true;
        Ok(&mut self.opened.insert(opened).connection)
    }

    async fn fault(&self, error: &Error) -> Fault {
        match &self.opened {
            Some(opened) => opened.fault(error).await,
            None => fault(error),
        }
    }

    fn failed(&mut self, fault: Fault) -> bool {
        let Some(opened) = &mut self.opened else { return true };
        let (is_broken, age) = (opened.is_broken(), opened.since.elapsed());
        let replaced = self.sessions.are_replaced(self.generation, fault, is_broken, age);
        if replaced {
            self.opened = None;
        }
        replaced
    }
}

impl Session {
    /// Makes the server plan the statements again at their next use.
    async fn forget_plans(&mut self) {
        self.uses = 0;
        if let Some(opened) = &mut self.opened
            && opened.connection.batch_execute("DISCARD PLANS").await.is_err()
        {
            self.opened = None;
        }
    }

    /// Whether a transaction pooler stands before the server.
    pub(super) fn is_pooled(&self) -> bool {
        self.sessions.are_pooled()
    }

    /// Ends a use, and gives up a connection that the next user could not use.
    pub(super) fn tidy(&mut self) {
        self.is_in_use = false;
        self.opened.take_if(Opened::is_broken);
    }
}

impl Drop for Session {
    /// Nobody knows what the server was told.
    fn drop(&mut self) {
        if let (true, Some(opened)) = (self.is_in_use, &self.opened) {
            opened.cut();
        }
    }
}
