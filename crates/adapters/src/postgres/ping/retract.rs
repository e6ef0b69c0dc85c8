//! Taking a ping back.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Date, Timestamptz, Uuid as SqlUuid};
use stint_domain::ports::BackendError;
use stint_domain::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::{LoggedPing, PingOutcome, Token};

use super::super::BACKEND;
use super::super::attempt::Failure;
use super::super::group::decide;
use super::super::rows::{TokenRow, date, timestamptz};
use super::super::schema::{pings, tokens};
use super::super::sql::{Constant, Sql};
use super::rows::{PingColumns, PingRow};
use super::{around, find, store};
use crate::ledger::capture::{Retraction, Summary};

pub(super) fn retract(
    connection: &mut PgConnection,
    RetractPing { id, at }: RetractPing,
) -> Result<(), Failure<RetractPingError>> {
    let ping = find(connection, id).map_err(Failure::widen)?.ok_or(Failure::Refused(RetractPingError::NotFound(id)))?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token(connection, &ping).map_err(Failure::widen)?;
        let retraction = Retraction::of(BACKEND, &ping, job, token.as_ref()).map_err(Failure::refused)?;
        let around = retraction.around();
        let scope = around.scope();
        let before = decide::read_all(connection, &scope).map_err(Failure::widen)?;
        // Somebody may have taken it back while the lock was awaited.
        if find(connection, id).map_err(Failure::widen)?.is_none_or(|now| now.outcome != ping.outcome) {
            return Err(Failure::Overtaken);
        }
        let mut captured = around::read(connection, &around).map_err(Failure::widen)?;
        let earlier = if retraction.had_the_last_word(&captured) {
            latest_summary(connection, &retraction).map_err(Failure::widen)?
        } else {
            None
        };
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

fn token(connection: &mut PgConnection, ping: &LoggedPing) -> Result<Option<Token>, Failure<BackendError>> {
    let token = tokens::table.find(ping.token.as_uuid()).select(TokenRow::as_select());
    let row: Option<TokenRow> = token.first(connection).optional()?;
    row.map(Token::try_from).transpose().map_err(Failure::Refused)
}

/// The latest summary of a stream's day that another ping than this one has. The days of all zones that have this date are
/// within a day of the ping. What the index of streams leaves out is said as the index says it, or it would not be used.
struct LatestSummary;

impl Constant for LatestSummary {
    type Columns = PingColumns;
    const SQL: &'static str = "
        SELECT id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at
        FROM pings
        WHERE related_job = ? AND token_id = ? AND status = 'logged' AND minutes IS NULL
            AND at BETWEEN ?::timestamptz - interval '2 days' AND ?::timestamptz + interval '2 days'
            AND day = ? AND summary IS NOT NULL AND id <> ?
        ORDER BY at DESC, id DESC LIMIT 1";
}

fn latest_summary(
    connection: &mut PgConnection,
    retraction: &Retraction<'_>,
) -> Result<Option<Summary>, Failure<BackendError>> {
    let (stream, day) = retraction.day();
    let at = timestamptz(retraction.ping.at);
    let row: Option<PingRow> = Sql::<LatestSummary>::constant()
        .bind::<SqlUuid, _>(stream.job.as_uuid())
        .bind::<SqlUuid, _>(stream.token.as_uuid())
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(at)
        .bind::<Date, _>(date(day))
        .bind::<SqlUuid, _>(retraction.ping.id.as_uuid())
        .get_result(connection)
        .optional()?;
    let ping = row.map(LoggedPing::try_from).transpose().map_err(Failure::Refused)?;
    Ok(ping.and_then(|ping| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
