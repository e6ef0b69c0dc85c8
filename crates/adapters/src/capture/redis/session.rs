//! A place in the pool and its connection, which is opened when it is first needed and again when it was lost.
//!
//! So r2d2 never connects by itself, and nobody waits for its back-off: while the server is down, each call fails as
//! soon as that is known. A server that does not even refuse connections would keep every call waiting for the
//! time-out; so for a moment after such a failure other calls get the same error at once.
//!
//! An idle connection may have been closed, most likely by a restart. If a write were sent on it, the answer would be
//! missing and the caller would not know whether the write happened. So a connection that was idle for a while is
//! tested first.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ::redis::{Client, Connection, ConnectionLike, IntoConnectionInfo, ProtocolVersion, RedisError, RedisResult};
use r2d2::ManageConnection;
use stint_domain::{BackendError, BackendErrorKind};

use super::RedisSettings;
use super::error::{BACKEND, InDoubt, NotConnected, backend_error, is_lost, is_spent};
use crate::secrecy::UrlSecrets;

/// How long a connection may be idle before it is tested: less than a restart takes, and more than the time between
/// two pushes under load, where another round trip would be felt.
const IDLE: Duration = Duration::from_secs(1);

/// How long a failure to connect that took the whole time-out is reused for other calls.
const STANDS: Duration = Duration::from_millis(500);

/// Whether an operation whose answer was lost is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// Yes. If that fails too, nothing is lost.
    Reads,
    /// Yes: doing it twice has the same effect. If that fails too, the operation may have been done.
    Harmless,
    /// No: a second answer would be different.
    Once,
}

/// Makes sessions.
pub(super) struct Sessions {
    how: Arc<How>,
    /// How long an answer may take.
    patience: Duration,
}

struct How {
    client: Client,
    secrets: UrlSecrets,
    address: String,
    connect_timeout: Duration,
    response_timeout: Duration,
    /// When a server last kept a caller waiting until the time-out, and the error of that.
    silent: Mutex<Option<(Instant, NotConnected)>>,
}

/// A place in the pool.
pub(super) struct Session {
    how: Arc<How>,
    patience: Duration,
    connection: Option<Connection>,
    used: Instant,
}

impl Sessions {
    /// Fails when the URL is invalid, without showing it, because it may contain a password.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, BackendError> {
        let understood = || {
            let info = settings.url.as_str().into_connection_info()?;
            // Answers then have the same form on every server.
            let redis = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP2);
            let address = info.addr().to_string();
            Ok((Client::open(info.set_redis_settings(redis))?, address))
        };
        let secrets = UrlSecrets::of(&settings.url);
        let (client, address) = understood().map_err(|error: RedisError| {
            let message = format!("the URL is not understood: {}", secrets.hidden_in(&error.to_string()));
            BackendError::new(BACKEND, BackendErrorKind::Internal, message)
        })?;
        let how = How {
            client,
            address: secrets.hidden_in(&address),
            secrets,
            connect_timeout: settings.connect_timeout,
            response_timeout: settings.response_timeout,
            silent: Mutex::default(),
        };
        Ok(Self { how: Arc::new(how), patience: settings.response_timeout })
    }

    /// Sessions to the same server whose answers may take `longer`, because their commands wait on the server.
    pub(super) fn that_wait(&self, longer: Duration) -> Self {
        Self { how: Arc::clone(&self.how), patience: self.how.response_timeout + longer }
    }
}

impl Session {
    /// Carries out `operation`, and a second time on a new connection when the first was lost and `attempt` allows
    /// it.
    pub(super) fn run<T>(
        &mut self,
        attempt: Attempt,
        operation: impl Fn(&mut Connection) -> RedisResult<T>,
    ) -> Result<T, BackendError> {
        let mut doubt = false;
        let told = |error: BackendError, doubt: bool| {
            if doubt { BackendError::new(BACKEND, BackendErrorKind::Timeout, InDoubt(error.source)) } else { error }
        };
        for last in [attempt == Attempt::Once, true] {
            let connection = match self.connection() {
                Ok(connection) => connection,
                Err(error) => return Err(told(error, doubt)),
            };
            let result = operation(connection);
            self.used = Instant::now();
            let error = match result {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            if is_spent(&error) {
                self.connection = None;
            }
            doubt |= is_lost(&error) && attempt != Attempt::Reads;
            // A server that is too slow is not asked the same twice.
            if last || !is_lost(&error) || error.is_timeout() {
                return Err(told(backend_error(error), doubt));
            }
        }
        Err(BackendError::new(BACKEND, BackendErrorKind::Internal, "an operation was tried more often than it may"))
    }

    fn connection(&mut self) -> Result<&mut Connection, BackendError> {
        let is_idle = self.used.elapsed() > IDLE;
        self.connection.take_if(|connection| !connection.is_open() || is_idle && !connection.check_connection());
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.how.connect(self.patience)?,
        };
        Ok(self.connection.insert(connection))
    }
}

impl How {
    fn connect(&self, patience: Duration) -> Result<Connection, BackendError> {
        let unavailable = |error| BackendError::new(BACKEND, BackendErrorKind::Unavailable, error);
        let silent = || self.silent.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, error)) = silent().as_ref()
            && at.elapsed() < STANDS
        {
            return Err(unavailable(error.clone()));
        }
        let start = Instant::now();
        let connect = || {
            let connection = self.client.get_connection_with_timeout(self.connect_timeout)?;
            connection.set_read_timeout(Some(patience))?;
            connection.set_write_timeout(Some(self.response_timeout))?;
            Ok(connection)
        };
        let connected = connect();
        let failed = |error: RedisError| NotConnected {
            address: self.address.clone(),
            reason: self.secrets.hidden_in(&error.to_string()),
        };
        let connected = connected.map_err(failed);
        *silent() = match &connected {
            Err(error) if start.elapsed() > self.connect_timeout / 2 => Some((Instant::now(), error.clone())),
            _ => None,
        };
        connected.map_err(unavailable)
    }
}

impl ManageConnection for Sessions {
    type Connection = Session;
    type Error = Infallible;

    fn connect(&self) -> Result<Session, Infallible> {
        Ok(Session { how: Arc::clone(&self.how), patience: self.patience, connection: None, used: Instant::now() })
    }

    /// Never called: sessions check their connections themselves.
    fn is_valid(&self, _: &mut Session) -> Result<(), Infallible> {
        Ok(())
    }

    /// After a panic it is not known which command the next answer on the connection belongs to.
    fn has_broken(&self, _: &mut Session) -> bool {
        std::thread::panicking()
    }
}
