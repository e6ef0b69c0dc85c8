//! What is read of pings and days.

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::Stream;
use stint_domain::ports::BackendError;
use stint_domain::ports::ping::PingStatus;
use stint_domain::values::PingId;

use super::find;
use super::rows::DayRow;
use crate::ledger::capture::{Around, Captured, Point};
use crate::sqlite::error::classify;
use crate::sqlite::rows::{row, timestamp, uuid};
use crate::sqlite::schema::{ping_days, pings};

/// What is known of the pings, their neighbours and their days.
pub(super) fn read(connection: &mut SqliteConnection, around: &Around) -> Result<Captured, BackendError> {
    let mut captured = Captured::default();
    for id in &around.pings {
        if let Some(ping) = find(connection, *id)? {
            captured.outcomes.insert(*id, ping.outcome);
        }
    }
    for (stream, point) in &around.points {
        let near = nearest(connection, *stream, *point)?;
        captured.points.entry(*stream).or_default().extend(near);
    }
    for day in &around.days {
        let (stream, date) = day;
        let (job, token) = (stream.job.as_uuid().into_bytes(), stream.token.as_uuid().into_bytes());
        let row: Option<DayRow> = ping_days::table
            .find((job, token, date.to_string()))
            .select(DayRow::as_select())
            .first(connection)
            .optional()
            .map_err(classify)?;
        if let Some(row) = row {
            captured.days.insert(*day, row.read(*day)?);
        }
    }
    Ok(captured)
}

/// The nearest points before and after this one.
fn nearest(
    connection: &mut SqliteConnection,
    stream: Stream,
    (at, id): Point,
) -> Result<impl Iterator<Item = Point>, BackendError> {
    type Found = Option<(i64, Vec<u8>)>;
    let (job, token) = (stream.job.as_uuid().into_bytes(), stream.token.as_uuid().into_bytes());
    let others = pings::table
        .filter(pings::related_job.eq(job).and(pings::token_id.eq(token)))
        .filter(pings::status.eq(PingStatus::Logged.as_str()).and(pings::minutes.is_null()))
        .filter(pings::id.ne(id.as_uuid().into_bytes()))
        .select((pings::at, pings::id));
    let before = others.filter(pings::at.le(at.as_micros())).order(pings::at.desc());
    let before: Found = before.first(connection).optional().map_err(classify)?;
    let after = others.filter(pings::at.ge(at.as_micros())).order(pings::at.asc());
    let after: Found = after.first(connection).optional().map_err(classify)?;
    let point = |(at, id): (i64, Vec<u8>)| {
        let row = row("pings", &id);
        Ok((timestamp(&row, "at", at)?, PingId::new(uuid(&row, "id", &id)?)))
    };
    let points: Vec<Point> = [before, after].into_iter().flatten().map(point).collect::<Result<_, BackendError>>()?;
    Ok(points.into_iter())
}
