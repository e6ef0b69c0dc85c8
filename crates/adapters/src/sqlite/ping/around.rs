//! What is read of pings and days.

use std::collections::HashMap;

use diesel::SqliteConnection;
use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use stint_domain::ports::BackendError;
use stint_domain::values::PingId;
use stint_domain::{PingOutcome, Stream};

use super::find;
use super::rows::DayRow;
use crate::ledger::capture::{Around, Captured, Point};
use crate::sqlite::error::classify;
use crate::sqlite::rows::{row, timestamp, uuid};
use crate::sqlite::schema::{ping_days, pings};

/// What became of those of the pings that are known.
pub(super) fn outcomes(
    connection: &mut SqliteConnection,
    ids: impl Iterator<Item = PingId>,
) -> Result<HashMap<PingId, PingOutcome>, BackendError> {
    let known = ids.filter_map(|id| find(connection, id).transpose());
    known.map(|ping| ping.map(|ping| (ping.id, ping.outcome))).collect()
}

/// What is known of the pings, their neighbours and their days.
pub(super) fn read(connection: &mut SqliteConnection, around: &Around) -> Result<Captured, BackendError> {
    let outcomes = outcomes(connection, around.pings.iter().copied())?;
    let mut captured = Captured { outcomes, ..Captured::default() };
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
fn nearest(connection: &mut SqliteConnection, stream: Stream, point: Point) -> Result<Vec<Point>, BackendError> {
    let before = others(stream, point).filter(pings::at.le(point.0.as_micros())).order(pings::at.desc());
    let after = others(stream, point).filter(pings::at.ge(point.0.as_micros())).order(pings::at.asc());
    let mut found: Vec<(i64, Vec<u8>)> = before.limit(1).load(connection).map_err(classify)?;
    found.extend(after.limit(1).load(connection).map_err(classify)?);
    let point = |(at, id): (i64, Vec<u8>)| {
        let row = row("pings", &id);
        Ok((timestamp(&row, "at", at)?, PingId::new(uuid(&row, "id", &id)?)))
    };
    found.into_iter().map(point).collect()
}

/// The other points of the stream. Which pings those are is said as their index says it: given a value for the status,
/// SQLite would plan anew each time.
#[diesel::dsl::auto_type(no_type_alias)]
fn others(stream: Stream, point: Point) -> _ {
    let (job, token): ([u8; 16], [u8; 16]) = (stream.job.as_uuid().into_bytes(), stream.token.as_uuid().into_bytes());
    let id: [u8; 16] = point.1.as_uuid().into_bytes();
    let counts: SqlLiteral<Bool> = sql::<Bool>("status = 'logged' AND minutes IS NULL");
    pings::table
        .filter(pings::related_job.eq(job))
        .filter(pings::token_id.eq(token))
        .filter(counts)
        .filter(pings::id.ne(id))
        .select((pings::at, pings::id))
}

#[cfg(test)]
mod tests {
    use stint_domain::values::{JobId, Timestamp, TokenId};
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn neighbours_are_found_in_the_index_of_streams() {
        let stream = Stream { job: JobId::new(Uuid::nil()), token: TokenId::new(Uuid::nil()) };
        let point = (Timestamp::from_micros(0).unwrap(), PingId::new(Uuid::nil()));
        let before = others(stream, point).filter(pings::at.le(0)).order(pings::at.desc());
        let expected = "SEARCH pings USING INDEX pings_of_stream (related_job=? AND token_id=? AND at<?)";
        assert_eq!(query_plan(&before), [expected]);
    }
}
