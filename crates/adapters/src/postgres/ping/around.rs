//! What is read of pings and days, once the jobs are locked.

use std::collections::HashMap;

use diesel::data_types::PgTimestamp;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Timestamptz, Uuid as SqlUuid};
use stint_domain::ports::BackendError;
use stint_domain::values::{JobId, PingId, TokenId};
use stint_domain::{LoggedPing, PingOutcome, Stream};
use uuid::Uuid;

use super::super::attempt::Failure;
use super::super::rows::{Place, date, timestamptz};
use super::super::sql::{Constant, Sql};
use super::rows::{DayColumns, DayRow, PingColumns, PingRow};
use crate::ledger::capture::{Around, Captured};

/// The pings with these ids.
struct Known;

impl Constant for Known {
    type Columns = PingColumns;
    const SQL: &'static str = "
        SELECT id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at
        FROM pings WHERE id = ANY (?)";
}

/// What one of the halves below selects from, and in what order.
macro_rules! nearest {
    ($direction:literal, $order:literal) => {
        concat!(
            "(SELECT pings.at, pings.id FROM pings
            WHERE related_job = asked.job AND token_id = asked.token AND status = 'logged' AND minutes IS NULL
                AND pings.at ",
            $direction,
            " asked.at AND pings.id <> asked.id
            ORDER BY pings.at ",
            $order,
            " LIMIT 1)"
        )
    };
}

/// The nearest points before and after each that is asked for.
struct Nearest;

impl Constant for Nearest {
    type Columns = (SqlUuid, SqlUuid, Timestamptz, SqlUuid);
    const SQL: &'static str = concat!(
        "SELECT asked.job, asked.token, near.at, near.id
        FROM unnest(?, ?, ?, ?) AS asked (job, token, at, id)
        CROSS JOIN LATERAL (",
        nearest!("<=", "DESC"),
        " UNION ALL ",
        nearest!(">=", "ASC"),
        ") AS near"
    );
}

/// These days.
struct Days;

impl Constant for Days {
    type Columns = DayColumns;
    const SQL: &'static str = "
        SELECT days.related_job, days.token_id, days.day, micros, summary, summary_at, summary_ping, entry_version,
            detached
        FROM unnest(?, ?, ?) AS asked (job, token, day)
        JOIN ping_days AS days
            ON days.related_job = asked.job AND days.token_id = asked.token AND days.day = asked.day";
}

/// What became of those of the pings that are known.
pub(super) fn outcomes(
    connection: &mut PgConnection,
    ids: impl Iterator<Item = PingId>,
) -> Result<HashMap<PingId, PingOutcome>, Failure<BackendError>> {
    let ids: Vec<_> = ids.map(PingId::as_uuid).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<PingRow> = Sql::<Known>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection)?;
    let pings = rows.into_iter().map(LoggedPing::try_from);
    pings.map(|ping| ping.map(|ping| (ping.id, ping.outcome)).map_err(Failure::Refused)).collect()
}

/// What is known of the pings, their neighbours and their days.
pub(super) fn read(connection: &mut PgConnection, around: &Around) -> Result<Captured, Failure<BackendError>> {
    let outcomes = outcomes(connection, around.pings.iter().copied())?;
    let mut captured = Captured { outcomes, ..Captured::default() };
    if around.points.is_empty() {
        return Ok(captured);
    }
    let points = || around.points.iter();
    let rows: Vec<(Uuid, Uuid, PgTimestamp, Uuid)> = Sql::<Nearest>::constant()
        .bind::<Array<SqlUuid>, _>(points().map(|(stream, _)| stream.job.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(points().map(|(stream, _)| stream.token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(points().map(|(_, (at, _))| timestamptz(*at)).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(points().map(|(_, (_, id))| id.as_uuid()).collect::<Vec<_>>())
        .load(connection)?;
    for (job, token, at, id) in rows {
        let at = Place { table: "pings", id }.timestamp("at", at).map_err(Failure::Refused)?;
        let stream = Stream { job: JobId::new(job), token: TokenId::new(token) };
        captured.points.entry(stream).or_default().insert((at, PingId::new(id)));
    }
    let days = || around.days.iter();
    let rows: Vec<DayRow> = Sql::<Days>::constant()
        .bind::<Array<SqlUuid>, _>(days().map(|(stream, _)| stream.job.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(days().map(|(stream, _)| stream.token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(days().map(|(_, day)| date(*day)).collect::<Vec<_>>())
        .load(connection)?;
    for row in rows {
        let (day, state) = row.read().map_err(Failure::Refused)?;
        captured.days.insert(day, state);
    }
    Ok(captured)
}
