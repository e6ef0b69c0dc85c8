//! Taking a ping back.

use diesel::SqliteConnection;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::capture::{LoggedPing, PingOutcome};
use stint_domain::values::PingId;

use super::rows::PingRow;
use super::{around, store};
use crate::capture::counting::{Captured, Mark, Retraction, Summary};
use crate::sqlite::access::token;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::ledger::group;
use crate::sqlite::rows::one;
use crate::sqlite::schema::pings;

const DAY: i64 = 86_400_000_000;

pub(super) fn retract(
    connection: &mut SqliteConnection,
    RetractPing { id, at }: RetractPing,
) -> Result<(), RetractPingError> {
    let (ping, anew) = counted(connection, id)?.ok_or(RetractPingError::NotFound(id))?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token::load(connection, ping.token)?;
        let retraction = Retraction::of(BACKEND, &ping, Mark { job, anew }, token.as_ref())?;
        let streams = around::streams(connection, &retraction.reach())?;
        let mut captured = Captured { streams, ..Captured::default() };
        let around = retraction.around(&captured);
        let scope = around.scope();
        let before = group::read(connection, &scope)?;
        captured.days = around::days(connection, &around)?;
        let earlier =
            if retraction.had_the_last_word(&captured) { latest_summary(connection, &retraction)? } else { None };
        let mut ledger = before.clone();
        let retracted = ledger.retract(&mut captured, &retraction, &around, earlier, at)?;
        group::store(connection, &ledger.differences_from(&before), &scope)?;
        store::days(connection, &captured, &retracted.days)?;
        store::marks(connection, retracted.marked, true)?;
    }
    diesel::update(pings::table.find(id.as_uuid().into_bytes()))
        .set((pings::status.eq(PingStatus::Retracted.as_str()), pings::reason.eq(None::<&str>)))
        .execute(connection)
        .map_err(classify)?;
    Ok(())
}

/// The ping, and whether the time before it belongs to no job.
fn counted(connection: &mut SqliteConnection, id: PingId) -> Result<Option<(LoggedPing, bool)>, BackendError> {
    let ping = pings::table.find(id.as_uuid().into_bytes()).select((PingRow::as_select(), pings::anew));
    let row: Option<(PingRow, bool)> = ping.first(connection).optional().map_err(classify)?;
    row.map(|(row, anew)| Ok((row.try_into()?, anew))).transpose()
}

/// The latest summary of the ping's day from another ping.
fn latest_summary(
    connection: &mut SqliteConnection,
    retraction: &Retraction<'_>,
) -> Result<Option<Summary>, BackendError> {
    let day = retraction.day();
    let at = retraction.ping.at.as_micros();
    let (job, token) = (day.job.as_uuid().into_bytes(), day.token.as_uuid().into_bytes());
    let latest = pings::table
        .filter(pings::related_job.eq(job).and(pings::token_id.eq(token)))
        // Written as in the index. In any zone, the day with this date is near the ping.
        .filter(sql::<Bool>("status = 'logged' AND minutes IS NULL"))
        .filter(pings::at.between(at - 2 * DAY, at + 2 * DAY))
        .filter(pings::day.eq(day.date.to_string()).and(pings::summary.is_not_null()))
        .filter(pings::id.ne(retraction.ping.id.as_uuid().into_bytes()))
        .order((pings::at.desc(), pings::id.desc()))
        .select(PingRow::as_select())
        .first(connection);
    Ok(one(latest)?.and_then(|ping: LoggedPing| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
