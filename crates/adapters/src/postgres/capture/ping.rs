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
use diesel::pg::Pg;
use diesel_async::SimpleAsyncConnection;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use futures::future::BoxFuture;
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
use crate::postgres::attempt::{Failure, Repeat, transaction};
use crate::postgres::ledger::group::decide;
use crate::postgres::read::page;

#[async_trait]
impl PingRepository for Postgres {
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        // Logging twice has no effect: the ids are taken.
        self.like_a_group(command, |connection, command| Box::pin(log(connection, command))).await
    }

    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError> {
        self.like_a_group(command, |connection, command| Box::pin(retract::retract(connection, command))).await
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        self.requests.run(Repeat::Reads, id, |connection, id| Box::pin(find(connection, *id))).await
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| {
                Box::pin(
                    async move { page(pings::<PingColumns, Pg>(query).load::<PingRow>(connection).await, query.size) },
                )
            })
            .await
    }

    async fn captured(&self, query: ListCaptured) -> Result<Vec<CapturedTime>, BackendError> {
        self.requests
            .run(Repeat::Reads, query, |connection, query| Box::pin(captured::captured(connection, query)))
            .await
    }
}

impl Postgres {
    /// Carries out a repeatable operation in a transaction, on a session for groups, because it finds every row by an
    /// index. It is not put off when a job is held, as a write in a group may be, so it waits as long as any other
    /// write.
    async fn like_a_group<I, T, R>(
        &self,
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
        let wait = format!("SET LOCAL lock_timeout = {}", self.lock_timeout.as_millis());
        let input = (input, wait, operation);
        self.groups
            .run(Repeat::Harmless, input, |connection, (input, wait, operation)| {
                Box::pin(transaction(connection, async |connection| {
                    connection.batch_execute(wait).await?;
                    operation(connection, input).await
                }))
            })
            .await
    }
}

async fn log(
    connection: &mut AsyncPgConnection,
    LogPings { pings, at }: &LogPings,
) -> Result<Vec<PingOutcome>, Failure<BackendError>> {
    if pings.is_empty() {
        return Ok(Vec::new());
    }
    let last_use = tokens::lock(connection, pings).await?;
    let outcomes = around::outcomes(connection, pings.iter().map(|ping| ping.id)).await?;
    let is_logged = |id: PingId| outcomes.contains_key(&id);
    let aim = project::aim(connection, pings, is_logged, *at).await?;
    let aimed = aim.at(pings);
    let streams = around::streams(connection, &Reach::of(&aimed, is_logged)).await?;
    let mut captured = Captured { outcomes, streams, ..Captured::default() };
    let around = Around::of(&aimed, &captured);
    let scope = around.scope();
    let before = decide::read_all(connection, &scope).await?;
    if !aim.still_holds(pings, &before.jobs) {
        return Err(Failure::Overtaken);
    }
    captured.days = around::days(connection, &around).await?;
    let mut ledger = before.clone();
    let logged = ledger.log(&mut captured, &aimed, &around, *at)?;
    decide::store(connection, &ledger.differences_from(&before), &scope).await?;
    store::pings(connection, &logged.new).await?;
    store::marks(connection, logged.unmarked, false).await?;
    store::days(connection, &captured, &logged.days).await?;
    tokens::used(connection, &last_use).await?;
    Ok(logged.outcomes)
}
