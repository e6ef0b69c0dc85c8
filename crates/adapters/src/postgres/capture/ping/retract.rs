//! Taking a ping back.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Date, Timestamptz, Uuid as SqlUuid};
use stint_domain::BackendError;
use stint_domain::access::Token;
use stint_domain::capture::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::capture::{LoggedPing, PingOutcome};
use stint_domain::values::PingId;

use super::find::find;
use super::rows::{PingColumns, PingRow};
use super::{around, store, tokens};
use crate::capture::counting::{Captured, Mark, Retraction, Summary};
use crate::postgres::access::rows::TokenRow;
use crate::postgres::attempt::Failure;
use crate::postgres::error::BACKEND;
use crate::postgres::ledger::group::decide;
use crate::postgres::rows::{date, timestamptz};
use crate::postgres::schema;
use crate::postgres::schema::pings;
use crate::postgres::sql::{Constant, Sql};

pub(super) fn retract(
    connection: &mut PgConnection,
    RetractPing { id, at }: RetractPing,
) -> Result<(), Failure<RetractPingError>> {
    let not_found = || Failure::Refused(RetractPingError::NotFound(id));
    let ping = find(connection, id).map_err(Failure::widen)?.ok_or_else(not_found)?;
    tokens::lock_one(connection, ping.token).map_err(Failure::widen)?;
    // Another transaction may have taken it back first.
    let (ping, anew) = counted(connection, id).map_err(Failure::widen)?.ok_or_else(not_found)?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token(connection, &ping).map_err(Failure::widen)?;
        let retraction =
            Retraction::of(BACKEND, &ping, Mark { job, anew }, token.as_ref()).map_err(Failure::refused)?;
        let streams = around::streams(connection, &retraction.reach()).map_err(Failure::widen)?;
        let mut captured = Captured { streams, ..Captured::default() };
        let around = retraction.around(&captured);
        let scope = around.scope();
        let before = decide::read_all(connection, &scope).map_err(Failure::widen)?;
        captured.days = around::days(connection, &around).map_err(Failure::widen)?;
        let earlier = if retraction.had_the_last_word(&captured) {
            latest_summary(connection, &retraction).map_err(Failure::widen)?
        } else {
            None
        };
        let mut ledger = before.clone();
        let retracted = ledger.retract(&mut captured, &retraction, &around, earlier, at).map_err(Failure::Refused)?;
        decide::store(connection, &ledger.differences_from(&before), &scope).map_err(Failure::widen)?;
        store::days(connection, &captured, &retracted.days).map_err(Failure::widen)?;
        store::marks(connection, retracted.marked, true).map_err(Failure::widen)?;
    }
    diesel::update(pings::table.find(id.as_uuid()))
        .set((pings::status.eq(PingStatus::Retracted.as_str()), pings::reason.eq(None::<&str>)))
        .execute(connection)?;
    Ok(())
}

/// The ping, and whether the time before it belongs to no job.
fn counted(connection: &mut PgConnection, id: PingId) -> Result<Option<(LoggedPing, bool)>, Failure<BackendError>> {
    let row: Option<(PingRow, bool)> =
        pings::table.find(id.as_uuid()).select((PingRow::as_select(), pings::anew)).first(connection).optional()?;
    let read = |(row, anew): (PingRow, bool)| Ok((LoggedPing::try_from(row)?, anew));
    row.map(read).transpose().map_err(Failure::Refused)
}

fn token(connection: &mut PgConnection, ping: &LoggedPing) -> Result<Option<Token>, Failure<BackendError>> {
    let token = schema::tokens::table.find(ping.token.as_uuid()).select(TokenRow::as_select());
    let row: Option<TokenRow> = token.first(connection).optional()?;
    row.map(Token::try_from).transpose().map_err(Failure::Refused)
}

/// The latest summary of the ping's day from another ping. In any zone, the day with this date lies within a day of
/// the ping. The conditions are written as in the index, or the index would not be used.
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
    let day = retraction.day();
    let at = timestamptz(retraction.ping.at);
    let row: Option<PingRow> = Sql::<LatestSummary>::constant()
        .bind::<SqlUuid, _>(day.job.as_uuid())
        .bind::<SqlUuid, _>(day.token.as_uuid())
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(at)
        .bind::<Date, _>(date(day.date))
        .bind::<SqlUuid, _>(retraction.ping.id.as_uuid())
        .get_result(connection)
        .optional()?;
    let ping = row.map(LoggedPing::try_from).transpose().map_err(Failure::Refused)?;
    Ok(ping.and_then(|ping| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
