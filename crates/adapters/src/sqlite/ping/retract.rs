//! Taking a ping back.

use diesel::SqliteConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use stint_domain::ports::BackendError;
use stint_domain::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::{LoggedPing, PingOutcome, Token};

use super::rows::PingRow;
use super::{around, find, store};
use crate::ledger::capture::{Retraction, Summary};
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::group;
use crate::sqlite::rows::TokenRow;
use crate::sqlite::schema::{pings, tokens};

const DAY: i64 = 86_400_000_000;

pub(super) fn retract(
    connection: &mut SqliteConnection,
    RetractPing { id, at }: RetractPing,
) -> Result<(), RetractPingError> {
    let ping = find(connection, id)?.ok_or(RetractPingError::NotFound(id))?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token(connection, &ping)?;
        let retraction = Retraction::of(BACKEND, &ping, job, token.as_ref())?;
        let around = retraction.around();
        let scope = around.scope();
        let before = group::read(connection, &scope)?;
        let mut captured = around::read(connection, &around)?;
        let earlier =
            if retraction.had_the_last_word(&captured) { latest_summary(connection, &retraction)? } else { None };
        let mut ledger = before.clone();
        let days = ledger.retract(&mut captured, &retraction, &around, earlier, at)?;
        group::store(connection, &ledger.changes_since(&before), &scope)?;
        store::days(connection, &captured, &days)?;
    }
    diesel::update(pings::table.find(id.as_uuid().into_bytes()))
        .set((pings::status.eq(PingStatus::Retracted.as_str()), pings::reason.eq(None::<&str>)))
        .execute(connection)
        .map_err(classify)?;
    Ok(())
}

fn token(connection: &mut SqliteConnection, ping: &LoggedPing) -> Result<Option<Token>, BackendError> {
    let token = tokens::table.find(ping.token.as_uuid().into_bytes()).select(TokenRow::as_select());
    let row: Option<TokenRow> = token.first(connection).optional().map_err(classify)?;
    row.map(Token::try_from).transpose()
}

/// The latest summary of the ping's day that another one has.
fn latest_summary(
    connection: &mut SqliteConnection,
    retraction: &Retraction<'_>,
) -> Result<Option<Summary>, BackendError> {
    let (stream, day) = retraction.day();
    let at = retraction.ping.at.as_micros();
    let (job, token) = (stream.job.as_uuid().into_bytes(), stream.token.as_uuid().into_bytes());
    let row: Option<PingRow> = pings::table
        .filter(pings::related_job.eq(job).and(pings::token_id.eq(token)))
        // As the index of streams says it; and the days of all zones that have this date are near the ping.
        .filter(sql::<Bool>("status = 'logged' AND minutes IS NULL"))
        .filter(pings::at.between(at - 2 * DAY, at + 2 * DAY))
        .filter(pings::day.eq(day.to_string()).and(pings::summary.is_not_null()))
        .filter(pings::id.ne(retraction.ping.id.as_uuid().into_bytes()))
        .order((pings::at.desc(), pings::id.desc()))
        .select(PingRow::as_select())
        .first(connection)
        .optional()
        .map_err(classify)?;
    let ping = row.map(LoggedPing::try_from).transpose()?;
    Ok(ping.and_then(|ping| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
