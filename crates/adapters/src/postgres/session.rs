//! A place in the pool and its connection, which is opened when it is first needed and again when it was lost.
//!
//! So r2d2 never connects by itself. Its own retries in the background would make callers wait for their back-off
//! while a server restarts; here the first request after the restart connects, and a request during the restart fails
//! at once.
//!
//! Connections have a generation. When one is lost, the others of its generation most likely are too (a restart, a
//! failover), so all of them are replaced before they are used again. So a restart fails only the requests that were
//! running. The same happens when a connection may no longer write, because its server became a standby: by now the
//! address may lead to another server. Where a new connection may not write either, replacing more of them gains
//! nothing, so this happens at most once a second.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use diesel::Connection;
use diesel::connection::{CacheSize, SimpleConnection};
use diesel::pg::PgConnection;
use diesel::r2d2::R2D2Connection;
use r2d2::ManageConnection;
use stint_domain::BackendError;

use super::error::{Fault, backend_error, not_connected};
use super::running::{Registered, Running};
use super::{PostgresSettings, sqlstate};
use crate::secrecy::UrlSecrets;

/// How long a new connection that may not write is kept before it is replaced.
const FRESH: Duration = Duration::from_secs(1);

/// Makes sessions.
#[derive(Debug)]
pub(super) struct Sessions {
    how: Arc<How>,
}

/// What the sessions of a pool share.
#[derive(Debug)]
struct How {
    url: String,
    secrets: UrlSecrets,
    /// Statements for each new connection; `None` behind a transaction pooler.
    greeting: Option<String>,
    /// How many times a connection is used before its statements are planned again; `None` means never.
    uses_per_plan: Option<u32>,
    generation: Arc<AtomicU64>,
    running: Arc<Running>,
}

/// A connection, when it was opened, and its place on the list of running sessions.
struct Connected {
    connection: PgConnection,
    since: Instant,
    _registered: Option<Registered>,
}

/// A place in the pool.
pub(super) struct Session {
    how: Arc<How>,
    generation: u64,
    connection: Option<Connected>,
    /// How many times the place was used since the last planning.
    uses: u32,
}

impl Sessions {
    pub(super) fn new(settings: &PostgresSettings) -> Self {
        let greeting = (!settings.transaction_pooling).then(|| greeting(settings));
        let how = How {
            url: settings.connection_string(),
            secrets: UrlSecrets::of(&settings.url),
            greeting,
            uses_per_plan: None,
            generation: Arc::default(),
            running: Arc::default(),
        };
        Self { how: Arc::new(how) }
    }

    /// Makes the server end the statements that still run in these sessions. Blocks.
    pub(super) fn end_statements(&self) -> Result<(), BackendError> {
        let mut connected = self.how.connect()?;
        self.how.running.cancel(&mut connected.connection).map_err(backend_error)
    }

    /// Sessions that share the generation of these.
    pub(super) fn alongside(&self) -> Self {
        Self { how: Arc::clone(&self.how) }
    }

    /// Sessions of the same generation for groups, whose statements find every row by its key. One plan is right for
    /// them, however large the group: reading a whole table never is, and making a plan takes longer than executing
    /// it. But a plan that was made while a table had few rows may choose the wrong index, so plans are made again
    /// now and then.
    pub(super) fn for_groups(&self, settings: &PostgresSettings) -> Self {
        let settings = PostgresSettings { lock_timeout: settings.group_lock_timeout, ..settings.clone() };
        let greeting = (!settings.transaction_pooling).then(|| {
            greeting(&settings) + "; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off"
        });
        let uses_per_plan = greeting.is_some().then_some(settings.group_uses_per_plan);
        let how = How {
            url: self.how.url.clone(),
            secrets: self.how.secrets.clone(),
            greeting,
            uses_per_plan,
            generation: Arc::clone(&self.how.generation),
            running: Arc::clone(&self.how.running),
        };
        Self { how: Arc::new(how) }
    }
}

/// Sets the time-outs, the isolation level that the statements are written for, messages that `error` can read (where
/// the role may choose their language), and (from Postgres 14 on) that the server ends the statements of a process
/// that is gone.
fn greeting(settings: &PostgresSettings) -> String {
    let (statement, lock) = (settings.statement_timeout.as_millis(), settings.lock_timeout.as_millis());
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; \
         SET idle_in_transaction_session_timeout = {statement}; \
         SET default_transaction_isolation = 'read committed'; \
         DO $$ BEGIN PERFORM set_config('lc_messages', 'C', false); \
         EXCEPTION WHEN insufficient_privilege THEN NULL; END $$; \
         DO $$ BEGIN PERFORM set_config('client_connection_check_interval', '5s', false); \
         EXCEPTION WHEN undefined_object OR invalid_parameter_value THEN NULL; END $$"
    )
}

impl Session {
    /// The connection. It is opened now if there is none, or if the last one was lost.
    pub(super) fn connection(&mut self) -> Result<&mut PgConnection, BackendError> {
        let current = self.how.generation.load(Ordering::Acquire);
        if self.generation != current {
            self.connection = None;
        }
        self.uses += 1;
        if self.how.uses_per_plan.is_some_and(|most| self.uses > most) {
            self.forget_plans();
        }
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.how.connect()?,
        };
        self.generation = current;
        Ok(&mut self.connection.insert(connection).connection)
    }

    /// Makes the server plan the statements again at their next use.
    fn forget_plans(&mut self) {
        self.uses = 0;
        self.connection.take_if(|connected| connected.connection.batch_execute("DISCARD PLANS").is_err());
    }

    /// Replaces what such a failure requires, and tells whether the next connection will be a new one.
    pub(super) fn failed(&mut self, fault: Fault) -> bool {
        let Some(connected) = &mut self.connection else { return true };
        let (broken, fresh) = (connected.connection.is_broken(), connected.since.elapsed() < FRESH);
        match fault.sessions() {
            _ if broken => self.lost(),
            sqlstate::Sessions::ReplaceAll if fault == Fault::ReadOnly && fresh => return false,
            sqlstate::Sessions::ReplaceAll => self.lost(),
            sqlstate::Sessions::ReplaceOne => self.spent(),
            sqlstate::Sessions::Stay => return false,
        }
        true
    }

    /// Gives up the connection, and all others of its generation.
    fn lost(&mut self) {
        self.connection = None;
        // A single step, however many connections of this generation report their loss.
        let next = self.generation + 1;
        let _ = self.how.generation.compare_exchange(self.generation, next, Ordering::AcqRel, Ordering::Acquire);
    }

    /// Gives up this connection only, because its state is not what the next user expects.
    pub(super) fn spent(&mut self) {
        self.connection = None;
    }
}

impl How {
    fn connect(&self) -> Result<Connected, BackendError> {
        let mut connection =
            PgConnection::establish(&self.url).map_err(|error| not_connected(&error, &self.secrets))?;
        let mut registered = None;
        if let Some(greeting) = &self.greeting {
            connection.batch_execute(greeting).map_err(backend_error)?;
            registered = Some(self.running.register(&mut connection).map_err(backend_error)?);
        } else {
            // Behind a pooler it is not known which of the server's processes a client gets.
            connection.set_prepared_statement_cache_size(CacheSize::Disabled);
        }
        Ok(Connected { connection, since: Instant::now(), _registered: registered })
    }
}

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = Infallible;

    fn connect(&self) -> Result<Session, Infallible> {
        Ok(Session { how: Arc::clone(&self.how), generation: 0, connection: None, uses: 0 })
    }

    /// Never called: a test at check-out costs a round trip, and its answer is out of date when it arrives.
    fn is_valid(&self, _: &mut Session) -> Result<(), Infallible> {
        Ok(())
    }

    /// An open transaction, most likely left by a panic, must not reach the next user.
    fn has_broken(&self, session: &mut Session) -> bool {
        std::thread::panicking()
            || session.connection.as_mut().is_some_and(|connected| connected.connection.is_broken())
    }
}
