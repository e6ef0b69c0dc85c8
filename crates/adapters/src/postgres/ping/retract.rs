//! Taking a ping back.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_domain::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::ports::{BackendError, BackendErrorKind};
use stint_domain::{LoggedPing, PingOutcome, Token};

use super::super::BACKEND;
use super::super::attempt::Failure;
use super::super::group::decide;
use super::super::rows::{TokenRow, date};
use super::super::schema::{pings, tokens};
use super::rows::PingRow;
use super::{around, find, store};
use crate::ledger::capture::{Retraction, Summary};

pub(super) fn retract(
    connection: &mut PgConnection,
    RetractPing { id, at }: RetractPing,
) -> Result<(), Failure<RetractPingError>> {
    let ping = find(connection, id).map_err(Failure::widen)?.ok_or(Failure::Refused(RetractPingError::NotFound(id)))?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token(connection, &ping).map_err(Failure::widen)?;
        let rule = token.capture.ok_or_else(|| Failure::refused(captures_nothing(&token)))?;
        let retraction = Retraction { ping: &ping, job, rule, subject: &token.subject };
        let around = retraction.around();
        let scope = around.scope();
        let before = decide::read_all(connection, &scope).map_err(Failure::widen)?;
        // Somebody may have taken it back while the lock was awaited.
        if find(connection, id).map_err(Failure::widen)?.is_none_or(|now| now.outcome != ping.outcome) {
            return Err(Failure::Overtaken);
        }
        let mut captured = around::read(connection, &around).map_err(Failure::widen)?;
        let earlier = latest_summary(connection, &retraction).map_err(Failure::widen)?;
        let mut ledger = before.clone();
        let days = ledger.retract(&mut captured, &retraction, &around, earlier, at).map_err(Failure::Refused)?;
        decide::store(connection, &ledger.changes_since(&before), &scope).map_err(Failure::widen)?;
        store::days(connection, &captured, &days).map_err(Failure::widen)?;
    }
    diesel::update(pings::table.find(id.as_uuid()))
        .set((pings::status.eq(PingStatus::Retracted.as_str()), pings::reason.eq(None::<&str>)))
        .execute(connection)?;
    Ok(())
}

fn token(connection: &mut PgConnection, ping: &LoggedPing) -> Result<Token, Failure<BackendError>> {
    let row: TokenRow = tokens::table.find(ping.token.as_uuid()).select(TokenRow::as_select()).first(connection)?;
    Token::try_from(row).map_err(Failure::Refused)
}

fn captures_nothing(token: &Token) -> BackendError {
    BackendError::new(BACKEND, BackendErrorKind::Internal, format!("the token {} captures nothing", token.id))
}

/// The latest summary of the ping's day that another one has.
fn latest_summary(
    connection: &mut PgConnection,
    retraction: &Retraction<'_>,
) -> Result<Option<Summary>, Failure<BackendError>> {
    let (stream, day) = retraction.day();
    let row: Option<PingRow> = pings::table
        .filter(pings::related_job.eq(stream.job.as_uuid()).and(pings::token_id.eq(stream.token.as_uuid())))
        .filter(pings::status.eq(PingStatus::Logged.as_str()).and(pings::minutes.is_null()))
        .filter(pings::day.eq(date(day)).and(pings::summary.is_not_null()))
        .filter(pings::id.ne(retraction.ping.id.as_uuid()))
        .order((pings::at.desc(), pings::id.desc()))
        .select(PingRow::as_select())
        .first(connection)
        .optional()?;
    let ping = row.map(LoggedPing::try_from).transpose().map_err(Failure::Refused)?;
    Ok(ping.and_then(|ping| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
