//! Pings in Postgres. [`crate::capture::counting`] decides what they do, from rows that were read under the locks of
//! their tokens ([`tokens`]) and jobs. Jobs are locked as for any other write of entries
//! ([`crate::postgres::ledger::group::decide`]).

mod around;
mod captured;
mod find;
mod project;
mod retract;
mod rows;
mod store;
mod tokens;

use async_trait::async_trait;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::pg::{Pg, PgConnection};
use stint_domain::capture::ports::PingRepository;
use stint_domain::capture::ports::ping::{
    CapturedTime, ListCaptured, ListPings, LogPings, PingCursor, RetractPing, RetractPingError,
};
use stint_domain::capture::{LoggedPing, PingOutcome};
use stint_domain::values::PingId;
use stint_domain::{BackendError, Page};

use self::find::find;
use self::rows::{PingColumns, PingRow};
use crate::capture::counting::{Around, Captured, Reach};
use crate::capture::listing::pings;
use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat, attempt, transaction};
use crate::postgres::ledger::group::decide;
use crate::postgres::read::page;

#[async_trait]
impl PingRepository for Postgres {
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        // Logging twice has no effect: the ids are taken.
        self.like_a_group(move |connection| log(connection, &command)).await
    }

    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError> {
        self.like_a_group(move |connection| retract::retract(connection, command)).await
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        self.run(Repeat::Reads, move |connection| find(connection, id)).await
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        self.run(Repeat::Reads, move |connection| {
            page(pings::<PingColumns, Pg>(&query).load::<PingRow>(connection), query.size)
        })
        .await
    }

    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        self.run(Repeat::Reads, move |connection| captured::captured(connection, query)).await
    }
}

impl Postgres {
    /// Carries out a repeatable operation in a transaction, on a session for groups, because it finds every row by an
    /// index. It is not put off when a job is held, as a write in a group may be, so it waits as long as any other
    /// write.
    async fn like_a_group<T, R>(
        &self,
        operation: impl Fn(&mut PgConnection) -> Result<T, Failure<R>> + Send + 'static,
    ) -> Result<T, R>
    where
        T: Send + 'static,
        R: From<BackendError> + Send + 'static,
    {
        let wait = format!("SET LOCAL lock_timeout = {}", self.lock_timeout.as_millis());
        let operation = move |connection: &mut PgConnection| {
            transaction(connection, |connection| {
                connection.batch_execute(&wait)?;
                operation(connection)
            })
        };
        self.groups.run(move |session| attempt(session, Repeat::Harmless, operation)).await
    }
}

fn log(
    connection: &mut PgConnection,
    LogPings { pings, at }: &LogPings,
) -> Result<Vec<PingOutcome>, Failure<BackendError>> {
    if pings.is_empty() {
        return Ok(Vec::new());
    }
    let last_use = tokens::lock(connection, pings)?;
    let outcomes = around::outcomes(connection, pings.iter().map(|ping| ping.id))?;
    let is_logged = |id: PingId| outcomes.contains_key(&id);
    let aim = project::aim(connection, pings, is_logged, *at)?;
    let aimed = aim.at(pings);
    let streams = around::streams(connection, &Reach::of(&aimed, is_logged))?;
    let mut captured = Captured { outcomes, streams, ..Captured::default() };
    let around = Around::of(&aimed, &captured);
    let scope = around.scope();
    let before = decide::read_all(connection, &scope)?;
    if !aim.still_holds(pings, &before.jobs) {
        return Err(Failure::Overtaken);
    }
    captured.days = around::days(connection, &around)?;
    let mut ledger = before.clone();
    let logged = ledger.log(&mut captured, &aimed, &around, *at)?;
    decide::store(connection, &ledger.differences_from(&before), &scope)?;
    store::pings(connection, &logged.new)?;
    store::marks(connection, logged.unmarked, false)?;
    store::days(connection, &captured, &logged.days)?;
    tokens::used(connection, &last_use)?;
    Ok(logged.outcomes)
}
