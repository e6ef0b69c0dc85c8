//! Taking a ping back.

use diesel::prelude::*;
use diesel::sql_types::{Date, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::{PingStatus, RetractPing, RetractPingError};
use stint_domain::capture::{LoggedPing, PingOutcome};
use stint_domain::values::PingId;

use super::find::find;
use super::rows::{PingColumns, PingRow};
use super::{around, store, tokens};
use crate::capture::counting::{Captured, Mark, Retraction, Summary};
use crate::capture::listing::ping_columns;
use crate::postgres::access::token;
use crate::postgres::attempt::Failure;
use crate::postgres::error::BACKEND;
use crate::postgres::ledger::group::decide;
use crate::postgres::read::one;
use crate::postgres::rows::{date, timestamptz};
use crate::postgres::schema::pings;
use crate::postgres::sql::Sql;
use crate::sql::statements;

pub(super) async fn retract(
    connection: &mut AsyncPgConnection,
    &RetractPing { id, at }: &RetractPing,
) -> Result<(), Failure<RetractPingError>> {
    let not_found = || Failure::Refused(RetractPingError::NotFound(id));
    let ping = find(connection, id).await?.ok_or_else(not_found)?;
    tokens::lock_one(connection, ping.token).await?;
    // Another transaction may have taken it back first.
    let (ping, anew) = counted(connection, id).await?.ok_or_else(not_found)?;
    if let (PingOutcome::Logged(_), Some(job)) = (ping.outcome, ping.related_job) {
        let token = token::find::<BackendError>(connection, ping.token).await?;
        let retraction = Retraction::of(BACKEND, &ping, Mark { job, anew }, token.as_ref())?;
        let streams = around::streams(connection, &retraction.reach()).await?;
        let mut captured = Captured { streams, ..Captured::default() };
        let around = retraction.around(&captured);
        let scope = around.scope();
        let before = decide::read_all(connection, &scope).await?;
        captured.days = around::days(connection, &around).await?;
        let earlier =
            if retraction.had_the_last_word(&captured) { latest_summary(connection, &retraction).await? } else { None };
        let mut ledger = before.clone();
        let retracted = ledger.retract(&mut captured, &retraction, &around, earlier, at).map_err(Failure::Refused)?;
        decide::store(connection, &ledger.differences_from(&before), &scope).await?;
        store::days(connection, &captured, &retracted.days).await?;
        store::marks(connection, retracted.marked, true).await?;
    }
    diesel::update(pings::table.find(id.as_uuid()))
        .set((pings::status.eq(PingStatus::Retracted.as_str()), pings::reason.eq(None::<&str>)))
        .execute(connection)
        .await?;
    Ok(())
}

impl From<Failure<BackendError>> for Failure<RetractPingError> {
    fn from(step: Failure<BackendError>) -> Self {
        Self::of_step(step)
    }
}

/// The ping, and whether the time before it belongs to no job.
async fn counted(
    connection: &mut AsyncPgConnection,
    id: PingId,
) -> Result<Option<(LoggedPing, bool)>, Failure<BackendError>> {
    let row: Option<(PingRow, bool)> = pings::table
        .find(id.as_uuid())
        .select((PingRow::as_select(), pings::anew))
        .first(connection)
        .await
        .optional()?;
    let read = |(row, anew): (PingRow, bool)| Ok((LoggedPing::try_from(row)?, anew));
    row.map(read).transpose()
}

statements! {
    /// The latest summary of the ping's day from another ping. In any zone, the day with this date lies within a day of
    /// the ping. The conditions are written as in the index, or the index would not be used.
    LatestSummary: PingColumns = concat!("SELECT ", ping_columns!(), " FROM pings
        WHERE related_job = ? AND token_id = ? AND status = 'logged' AND minutes IS NULL
            AND at BETWEEN ?::timestamptz - interval '2 days' AND ?::timestamptz + interval '2 days'
            AND day = ? AND summary IS NOT NULL AND id <> ?
        ORDER BY at DESC, id DESC LIMIT 1");
}

async fn latest_summary(
    connection: &mut AsyncPgConnection,
    retraction: &Retraction<'_>,
) -> Result<Option<Summary>, Failure<BackendError>> {
    let day = retraction.day();
    let at = timestamptz(retraction.ping.at);
    let latest = Sql::<LatestSummary>::constant()
        .bind::<SqlUuid, _>(day.job.as_uuid())
        .bind::<SqlUuid, _>(day.token.as_uuid())
        .bind::<Timestamptz, _>(at)
        .bind::<Timestamptz, _>(at)
        .bind::<Date, _>(date(day.date))
        .bind::<SqlUuid, _>(retraction.ping.id.as_uuid())
        .get_result::<PingRow>(connection)
        .await;
    Ok(one(latest)?.and_then(|ping: LoggedPing| Some(Summary { of: (ping.at, ping.id), text: ping.summary? })))
}
