//! One open connection, and the task that drives it.

use std::fmt;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use diesel::ConnectionError;
use diesel::connection::CacheSize;
use diesel::result::Error;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncPgConnection, SimpleAsyncConnection, TransactionManager,
};
use stint_domain::{BackendError, BackendErrorKind};
use tokio::runtime::Handle;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_postgres::Client;

use super::PostgresSettings;
use super::connecting::{Driver, NotUnderstood, Target};
use super::error::{BACKEND, Fault, backend_error, fault, is_closed};
use super::running::{Registered, Running};
use super::sqlstate::fault_of;
use crate::secrecy::UrlSecrets;

/// An open connection. When this is dropped, it is closed as soon as the server owes it no answer.
pub(super) struct Opened {
    pub(super) connection: AsyncPgConnection,
    pub(super) since: Instant,
    /// Why the connection ended, if it did.
    ended: Ended,
    /// The task that drives it.
    driver: AbortHandle,
    /// Its place on the list of running sessions.
    _registered: Option<Registered>,
}

/// How long a server may take to show that it is there.
const PROBE: Duration = Duration::from_secs(1);

/// Why a connection ended: it was idle for too long, or it was lost.
#[derive(Clone, Default)]
struct Ended(Arc<OnceLock<Fault>>);

/// Where to connect, if the URL is understood.
pub(super) struct Destination {
    target: Result<Target, NotUnderstood>,
    /// Messages may quote parts of the URL.
    secrets: UrlSecrets,
    /// How long the greeting may take.
    limit: Duration,
}

/// How to greet a server.
#[derive(Debug)]
pub(super) enum Greeting {
    /// With these statements, and the session is put on the list.
    Session(String, Arc<Running>),
    /// Not at all: a transaction pooler stands before it, and whatever a session is told may reach another client.
    Pooler,
}

impl Opened {
    /// Connects. The connection is driven by a task of `home`, or of the current runtime.
    pub(super) async fn open(
        destination: &Destination,
        greeting: &Greeting,
        home: Option<&Handle>,
    ) -> Result<Self, BackendError> {
        let (client, driver) = destination.connect().await?;
        let ended = Ended::default();
        let driving = drive(driver, ended.clone());
        let driver = home.unwrap_or(&Handle::current()).spawn(driving).abort_handle();
        match timeout(destination.limit, greeting.greet(client)).await {
            Ok(Ok((connection, registered))) => {
                Ok(Self { connection, since: Instant::now(), ended, driver, _registered: registered })
            }
            Ok(Err(error)) => Err(error),
            Err(elapsed) => {
                driver.abort();
                Err(BackendError::new(BACKEND, BackendErrorKind::Unavailable, elapsed))
            }
        }
    }

    /// What `error` means for its statement.
    pub(super) async fn fault(&self, error: &Error) -> Fault {
        match (self.ended.0.get(), fault(error)) {
            (Some(why), _) if is_closed(error) => *why,
            // It may be the server's last word, whatever it says. Then the connection ends.
            (_, Fault::Spent(_)) if !self.answers().await => Fault::Lost,
            (_, fault) => fault,
        }
    }

    /// Whether the server still answers.
    async fn answers(&self) -> bool {
        let mut connection = &self.connection;
        matches!(timeout(PROBE, connection.batch_execute("")).await, Ok(Ok(())))
    }

    /// Closes it at once, although the server may owe it an answer.
    pub(super) fn cut(&self) {
        self.driver.abort();
    }

    /// Whether it has ended.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.0.get().is_some()
    }

    /// Whether nobody may use it any more: it has ended, or a transaction was left open.
    pub(super) fn is_broken(&mut self) -> bool {
        self.has_ended() || AnsiTransactionManager::is_broken_transaction_manager(&mut self.connection)
    }
}

impl Greeting {
    async fn greet(&self, client: Client) -> Result<(AsyncPgConnection, Option<Registered>), BackendError> {
        match self {
            Self::Session(statements, running) => {
                let mut connection = set_up(client).await?;
                connection.batch_execute(statements).await.map_err(backend_error)?;
                let registered = running.register(&mut connection).await.map_err(backend_error)?;
                Ok((connection, Some(registered)))
            }
            Self::Pooler => {
                // Diesel's own settings are undone with this transaction, which keeps one server for all of them.
                client.batch_execute("BEGIN").await.map_err(not_greeted)?;
                let mut connection = set_up(client).await?;
                connection.batch_execute("ROLLBACK").await.map_err(backend_error)?;
                connection.set_prepared_statement_cache_size(CacheSize::Disabled);
                Ok((connection, None))
            }
        }
    }
}

impl Destination {
    pub(super) fn of(settings: &PostgresSettings) -> Self {
        let options = settings.options();
        let options = options.each_ref().map(|(name, value)| (*name, value.as_str()));
        Self {
            target: Target::parse(&settings.url, &options),
            secrets: UrlSecrets::of(&settings.url),
            limit: settings.connect_timeout,
        }
    }

    async fn connect(&self) -> Result<(Client, Driver), BackendError> {
        let refused = |message: String| {
            BackendError::new(BACKEND, BackendErrorKind::Unavailable, self.secrets.hidden_in(&message))
        };
        let target = self.target.as_ref().map_err(|error| refused(format!("the URL is not understood: {error}")))?;
        target.connect().await.map_err(|error| refused(error.to_string()))
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(f)
    }
}

async fn set_up(client: Client) -> Result<AsyncPgConnection, BackendError> {
    AsyncPgConnection::try_from(client).await.map_err(|error| match error {
        ConnectionError::CouldntSetupConfiguration(error) => backend_error(error),
        error => BackendError::new(BACKEND, BackendErrorKind::Unavailable, error),
    })
}

fn not_greeted(error: tokio_postgres::Error) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Unavailable, error)
}

/// Drives a connection until it ends, and notes why before anybody who waits for an answer hears of it.
async fn drive(driver: Driver, ended: Ended) {
    let _lost = ended.when_dropped();
    let mut driver = pin!(driver);
    if let Err(error) = driver.as_mut().await {
        let is_idle = error.code().is_some_and(|state| fault_of(state.code()) == Fault::Idle);
        ended.note(if is_idle { Fault::Idle } else { Fault::Lost });
    }
}

impl Ended {
    fn note(&self, why: Fault) {
        let _ended_before = self.0.set(why);
    }

    /// Notes that the connection is lost when the task that drives it ends, whatever ends it.
    fn when_dropped(&self) -> impl Drop + use<> {
        struct Lost(Ended);

        impl Drop for Lost {
            fn drop(&mut self) {
                self.0.note(Fault::Lost);
            }
        }

        Lost(self.clone())
    }
}
