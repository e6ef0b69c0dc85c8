//! Pings in Postgres. What they come to is decided by [`crate::ledger::capture`], on what was read under the locks of
//! their jobs, as for any other write of entries ([`super::group::decide`]).

mod around;
mod list;
mod project;
mod retract;
mod rows;
mod store;

use async_trait::async_trait;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_domain::ports::ping::{CapturedTime, ListPings, LogPings, PingCursor, RetractPing, RetractPingError};
use stint_domain::ports::{BackendError, PingRepository};
use stint_domain::values::{DateStamp, PingId, TokenId};
use stint_domain::{LoggedPing, Page, PingOutcome};

use self::rows::PingRow;
use super::Postgres;
use super::attempt::{Failure, Repeat, attempt, transaction};
use super::group::decide;
use super::rows::date;
use super::schema::{ping_days, pings};
use crate::ledger::capture::{Aimed, Around};

#[async_trait]
impl PingRepository for Postgres {
    async fn log(&self, command: LogPings) -> Result<Vec<PingOutcome>, BackendError> {
        self.groups
            .run(move |session| {
                // Who logs them twice finds their ids taken.
                attempt(session, Repeat::Harmless, |connection| {
                    transaction(connection, |connection| log(connection, &command))
                })
            })
            .await
    }

    async fn retract(&self, command: RetractPing) -> Result<(), RetractPingError> {
        self.groups
            .run(move |session| {
                attempt(session, Repeat::Harmless, |connection| {
                    transaction(connection, |connection| retract::retract(connection, command))
                })
            })
            .await
    }

    async fn find(&self, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
        self.reading(move |connection| find(connection, id)).await
    }

    async fn list(&self, query: ListPings) -> Result<Page<LoggedPing, PingCursor>, BackendError> {
        self.reading(move |connection| list::list(connection, &query)).await
    }

    async fn captured_on(&self, token: TokenId, day: DateStamp) -> Result<CapturedTime, BackendError> {
        self.reading(move |connection| {
            let micros: Vec<i64> = ping_days::table
                .filter(ping_days::token_id.eq(token.as_uuid()).and(ping_days::day.eq(date(day))))
                .select(ping_days::micros)
                .load(connection)?;
            Ok(CapturedTime { micros: micros.into_iter().map(i64::unsigned_abs).sum() })
        })
        .await
    }
}

fn find(connection: &mut PgConnection, id: PingId) -> Result<Option<LoggedPing>, Failure<BackendError>> {
    let row: Option<PingRow> =
        pings::table.find(id.as_uuid()).select(PingRow::as_select()).first(connection).optional()?;
    row.map(LoggedPing::try_from).transpose().map_err(Failure::Refused)
}

fn log(
    connection: &mut PgConnection,
    LogPings { pings, at }: &LogPings,
) -> Result<Vec<PingOutcome>, Failure<BackendError>> {
    if pings.is_empty() {
        return Ok(Vec::new());
    }
    let projects = project::Projects::of(connection, pings, *at)?;
    let aimed: Vec<_> = pings.iter().map(|ping| Aimed { ping, job: projects.aim(ping) }).collect();
    let around = Around::of(&aimed);
    let scope = around.scope();
    let before = decide::read_all(connection, &scope)?;
    let mut captured = around::read(connection, &around)?;
    let mut ledger = before.clone();
    let logged = ledger.log(&mut captured, &aimed, &around, *at).map_err(Failure::Refused)?;
    decide::store(connection, &ledger.changes_since(&before), &scope)?;
    store::pings(connection, &logged.new)?;
    store::days(connection, &captured, &logged.days)?;
    store::last_use(connection, pings)?;
    Ok(logged.outcomes)
}
