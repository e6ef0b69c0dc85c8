//! Reading pings and days.

use std::collections::{BTreeMap, HashMap};

use diesel::SqliteConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Bool, Nullable};
use stint_domain::BackendError;
use stint_domain::capture::{CapturedDay, PingOutcome};
use stint_domain::values::{JobId, PingId, Timestamp, TokenId};

use super::find::find;
use super::rows::DayRow;
use crate::capture::counting::{Around, Day, Mark, Point, Reach, Stream};
use crate::sql::{Constant, statements};
use crate::sqlite::error::classify;
use crate::sqlite::rows::{row, timestamp, uuid};
use crate::sqlite::schema::ping_days;
use crate::sqlite::sql::Sql;

/// A point's time, id, job, and whether the time before it belongs to no job.
type PointRow = (i64, Vec<u8>, Option<Vec<u8>>, bool);

/// The outcomes of those of the pings that were logged before.
pub(super) fn outcomes(
    connection: &mut SqliteConnection,
    ids: impl Iterator<Item = PingId>,
) -> Result<HashMap<PingId, PingOutcome>, BackendError> {
    let logged = ids.filter_map(|id| find(connection, id).transpose());
    logged.map(|ping| ping.map(|ping| (ping.id, ping.outcome))).collect()
}

/// The neighbours of points.
pub(super) fn streams(
    connection: &mut SqliteConnection,
    points: &[Reach],
) -> Result<HashMap<TokenId, Stream>, BackendError> {
    let mut streams = HashMap::<_, Stream>::new();
    for reach in points {
        let mut near: Vec<PointRow> = nearest::<Before>(reach, reach.first).load(connection).map_err(classify)?;
        near.extend(nearest::<After>(reach, reach.last).load::<PointRow>(connection).map_err(classify)?);
        let near = near.into_iter().map(point).collect::<Result<Vec<_>, _>>()?;
        streams.entry(reach.token).or_default().extend(near);
    }
    Ok(streams)
}

/// These days.
pub(super) fn days(
    connection: &mut SqliteConnection,
    around: &Around,
) -> Result<BTreeMap<CapturedDay, Day>, BackendError> {
    let mut days = BTreeMap::new();
    for day in &around.days {
        let (job, token) = (day.job.as_uuid().into_bytes(), day.token.as_uuid().into_bytes());
        let row: Option<DayRow> = ping_days::table
            .find((job, token, day.date.to_string()))
            .select(DayRow::as_select())
            .first(connection)
            .optional()
            .map_err(classify)?;
        if let Some(row) = row {
            days.insert(*day, row.read(*day)?);
        }
    }
    Ok(days)
}

fn point((at, id, job, anew): PointRow) -> Result<(Point, Mark), BackendError> {
    let row = row("pings", &id);
    let job = job.ok_or_else(|| row.corrupt("related_job", "NULL", "a ping that counts has a job"))?;
    let mark = Mark { job: JobId::new(uuid(&row, "related_job", &job)?), anew };
    Ok(((timestamp(&row, "at", at)?, PingId::new(uuid(&row, "id", &id)?)), mark))
}

/// The nearest point of the token before or after this one. The conditions are written as in their index: with the
/// status as a parameter, SQLite would plan again each time.
macro_rules! nearest {
    ($direction:literal, $bound:literal, $order:literal) => {
        concat!(
            "SELECT at, id, related_job, anew FROM pings
            WHERE token_id = ? AND status = 'logged' AND minutes IS NULL AND (at, id) ",
            $direction,
            " (?, ?) AND at ",
            $bound,
            " ? ORDER BY at ",
            $order,
            ", id ",
            $order,
            " LIMIT 1"
        )
    };
}

statements! {
    Before: (BigInt, Binary, Nullable<Binary>, Bool) = nearest!("<", ">", "DESC");
    After: (BigInt, Binary, Nullable<Binary>, Bool) = nearest!(">", "<", "ASC");
}

fn nearest<N: Constant>(reach: &Reach, bound: Timestamp) -> Sql<'static, N> {
    Sql::constant()
        .bind::<Binary, _>(reach.token.as_uuid().into_bytes())
        .bind::<BigInt, _>(reach.point.0.as_micros())
        .bind::<Binary, _>(reach.point.1.as_uuid().into_bytes())
        .bind::<BigInt, _>(bound.as_micros())
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn neighbours_are_found_in_the_index_of_streams() {
        let at = Timestamp::from_micros(0).unwrap();
        let point = (at, PingId::new(Uuid::nil()));
        let reach = Reach { token: TokenId::new(Uuid::nil()), point, first: at, last: at };
        let search = "SEARCH pings USING INDEX pings_in_order";
        assert_eq!(
            query_plan(&nearest::<Before>(&reach, at)),
            [format!("{search} (token_id=? AND at>? AND (at,id)<(?,?))")]
        );
        assert_eq!(
            query_plan(&nearest::<After>(&reach, at)),
            [format!("{search} (token_id=? AND (at,id)>(?,?) AND at<?)")]
        );
    }
}
