//! Reading pings and days: the logged pings and the neighbours once the tokens are locked, and the days once the jobs
//! are locked.

use std::collections::{BTreeMap, HashMap};

use diesel::data_types::PgTimestamp;
use diesel::sql_types::{Array, Bool, Date, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::{CapturedDay, LoggedPing, PingOutcome};
use stint_domain::values::{JobId, PingId, TokenId};
use uuid::Uuid;

use super::rows::{DayColumns, DayRow, PingColumns, PingRow};
use crate::capture::counting::{Around, Day, Mark, Reach, Stream};
use crate::capture::listing::ping_columns;
use crate::postgres::attempt::Failure;
use crate::postgres::read::all;
use crate::postgres::rows::{Place, date, timestamptz};
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// The pings with these ids.
    Logged: PingColumns = concat!("SELECT ", ping_columns!(), " FROM pings WHERE id = ANY (?)");
}

/// What each half below selects from, and in what order.
macro_rules! nearest {
    ($direction:literal, $bound:literal, $order:literal) => {
        concat!(
            "(SELECT at, id, related_job, anew FROM pings
            WHERE token_id = asked.token AND status = 'logged' AND minutes IS NULL
                AND (pings.at, pings.id) ",
            $direction,
            " (asked.at, asked.id) AND pings.at ",
            $bound,
            " ORDER BY pings.at ",
            $order,
            ", pings.id ",
            $order,
            " LIMIT 1)"
        )
    };
}

statements! {
    /// The nearest points before and after each of these.
    Nearest: (SqlUuid, Timestamptz, SqlUuid, Nullable<SqlUuid>, Bool) = concat!(
        "SELECT asked.token, near.at, near.id, near.related_job, near.anew
        FROM unnest(?, ?, ?, ?, ?) AS asked (token, at, id, first, last)
        CROSS JOIN LATERAL (",
        nearest!("<", "> asked.first", "DESC"),
        " UNION ALL ",
        nearest!(">", "< asked.last", "ASC"),
        ") AS near"
    );
    /// These days.
    Days: DayColumns = "
        SELECT days.related_job, days.token_id, days.day, micros, summary, summary_at, summary_ping, entry_version,
            detached
        FROM unnest(?, ?, ?) AS asked (job, token, day)
        JOIN ping_days AS days
            ON days.related_job = asked.job AND days.token_id = asked.token AND days.day = asked.day";
}

/// The outcomes of those of the pings that were logged before.
pub(super) async fn outcomes(
    connection: &mut AsyncPgConnection,
    ids: impl Iterator<Item = PingId>,
) -> Result<HashMap<PingId, PingOutcome>, Failure<BackendError>> {
    let ids: Vec<_> = ids.map(PingId::as_uuid).collect();
    let pings = Sql::<Logged>::constant().bind::<Array<SqlUuid>, _>(ids).load::<PingRow>(connection).await;
    Ok(all(pings)?.into_iter().map(|ping: LoggedPing| (ping.id, ping.outcome)).collect())
}

/// The neighbours of points.
pub(super) async fn streams(
    connection: &mut AsyncPgConnection,
    points: &[Reach],
) -> Result<HashMap<TokenId, Stream>, Failure<BackendError>> {
    fn column<V>(points: &[Reach], value: impl Fn(&Reach) -> V) -> Vec<V> {
        points.iter().map(value).collect()
    }
    let mut streams = HashMap::<_, Stream>::new();
    if points.is_empty() {
        return Ok(streams);
    }
    let rows: Vec<(Uuid, PgTimestamp, Uuid, Option<Uuid>, bool)> = Sql::<Nearest>::constant()
        .bind::<Array<SqlUuid>, _>(column(points, |reach| reach.token.as_uuid()))
        .bind::<Array<Timestamptz>, _>(column(points, |reach| timestamptz(reach.point.0)))
        .bind::<Array<SqlUuid>, _>(column(points, |reach| reach.point.1.as_uuid()))
        .bind::<Array<Timestamptz>, _>(column(points, |reach| timestamptz(reach.first)))
        .bind::<Array<Timestamptz>, _>(column(points, |reach| timestamptz(reach.last)))
        .load(connection)
        .await?;
    for (token, at, id, job, anew) in rows {
        let place = Place { table: "pings", id };
        let at = place.timestamp("at", at)?;
        let no_job = || place.row().corrupt("related_job", "NULL", "a ping that counts has a job");
        let job = JobId::new(job.ok_or_else(no_job)?);
        streams.entry(TokenId::new(token)).or_default().insert((at, PingId::new(id)), Mark { job, anew });
    }
    Ok(streams)
}

/// These days.
pub(super) async fn days(
    connection: &mut AsyncPgConnection,
    around: &Around,
) -> Result<BTreeMap<CapturedDay, Day>, Failure<BackendError>> {
    if around.days.is_empty() {
        return Ok(BTreeMap::new());
    }
    let days = || around.days.iter();
    let rows: Vec<DayRow> = Sql::<Days>::constant()
        .bind::<Array<SqlUuid>, _>(days().map(|day| day.job.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(days().map(|day| day.token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Date>, _>(days().map(|day| date(day.date)).collect::<Vec<_>>())
        .load(connection)
        .await?;
    rows.into_iter().map(|row| Ok(row.read()?)).collect()
}
