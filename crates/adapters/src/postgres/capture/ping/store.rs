//! Writing pings and days, under the locks of their tokens and jobs.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Nullable, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::PingStatus;
use stint_domain::capture::{CapturedDay, LoggedPing, PingRefusal};
use stint_domain::ledger::JobName;
use stint_domain::values::PingId;

use crate::capture::counting::{Captured, Day, NewPing};
use crate::postgres::attempt::Failure;
use crate::postgres::ledger::group::decide::exactly;
use crate::postgres::rows::{date, timestamptz};
use crate::postgres::schema::pings;
use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    /// Stores new pings. A taken id means that another transaction logged the ping in the meantime.
    Insert: () = "
        INSERT INTO pings
            (id, token_id, related_job, at, received_at, minutes, summary, day, status, reason, logged_at, project, anew)
        SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    /// Stores the current state of days.
    Save: () = "
        INSERT INTO ping_days
            (related_job, token_id, day, micros, summary, summary_at, summary_ping, entry_version, detached)
        SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (related_job, token_id, day) DO UPDATE SET
            micros = excluded.micros, summary = excluded.summary, summary_at = excluded.summary_at,
            summary_ping = excluded.summary_ping, entry_version = excluded.entry_version, detached = excluded.detached";
}

pub(super) async fn pings(connection: &mut AsyncPgConnection, new: &[NewPing]) -> Result<(), Failure<BackendError>> {
    fn column<'a, V>(new: &'a [NewPing], value: impl Fn(&'a LoggedPing) -> V) -> Vec<V> {
        new.iter().map(|new| value(&new.ping)).collect()
    }
    if new.is_empty() {
        return Ok(());
    }
    let reason = |ping: &LoggedPing| ping.outcome.refusal().map(PingRefusal::as_str);
    let insert = Sql::<Insert>::constant()
        .bind::<Array<SqlUuid>, _>(column(new, |ping| ping.id.as_uuid()))
        .bind::<Array<SqlUuid>, _>(column(new, |ping| ping.token.as_uuid()))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(new, |ping| {
            ping.related_job.map(stint_domain::values::JobId::as_uuid)
        }))
        .bind::<Array<Timestamptz>, _>(column(new, |ping| timestamptz(ping.at)))
        .bind::<Array<Timestamptz>, _>(column(new, |ping| timestamptz(ping.received_at)))
        .bind::<Array<Nullable<SmallInt>>, _>(column(new, |ping| {
            ping.minutes.map(|minutes| minutes.get().cast_signed())
        }))
        .bind::<Array<Nullable<Text>>, _>(column(new, |ping| {
            ping.summary.as_ref().map(stint_domain::ledger::WorkSummary::as_str)
        }))
        .bind::<Array<Date>, _>(new.iter().map(|new| date(new.day)).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(column(new, |ping| PingStatus::from(&ping.outcome).as_str()))
        .bind::<Array<Nullable<Text>>, _>(column(new, reason))
        .bind::<Array<Timestamptz>, _>(column(new, |ping| timestamptz(ping.logged_at)))
        .bind::<Array<Nullable<Text>>, _>(
            new.iter().map(|new| new.project.as_ref().map(JobName::as_str)).collect::<Vec<_>>(),
        )
        .bind::<Array<Bool>, _>(new.iter().map(|new| new.anew).collect::<Vec<_>>());
    exactly(new.len(), insert, connection).await
}

/// Gives earlier pings their mark, or removes it.
pub(super) async fn marks(
    connection: &mut AsyncPgConnection,
    of: impl IntoIterator<Item = PingId>,
    anew: bool,
) -> Result<(), Failure<BackendError>> {
    let ids: Vec<_> = of.into_iter().map(PingId::as_uuid).collect();
    if !ids.is_empty() {
        diesel::update(pings::table.filter(pings::id.eq_any(ids)))
            .set(pings::anew.eq(anew))
            .execute(connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn days(
    connection: &mut AsyncPgConnection,
    captured: &Captured,
    touched: &BTreeSet<CapturedDay>,
) -> Result<(), Failure<BackendError>> {
    fn column<'a, V>(days: &[(&'a CapturedDay, &'a Day)], value: impl Fn((&'a CapturedDay, &'a Day)) -> V) -> Vec<V> {
        days.iter().map(|day| value(*day)).collect()
    }
    let days: Vec<(&CapturedDay, &Day)> =
        touched.iter().filter_map(|day| Some((day, captured.days.get(day)?))).collect();
    if days.is_empty() {
        return Ok(());
    }
    let save = Sql::<Save>::constant()
        .bind::<Array<SqlUuid>, _>(column(&days, |(day, _)| day.job.as_uuid()))
        .bind::<Array<SqlUuid>, _>(column(&days, |(day, _)| day.token.as_uuid()))
        .bind::<Array<Date>, _>(column(&days, |(day, _)| date(day.date)))
        .bind::<Array<BigInt>, _>(column(&days, |(_, day)| day.micros))
        .bind::<Array<Nullable<Text>>, _>(column(&days, |(_, day)| Some(day.summary.as_ref()?.text.as_str())))
        .bind::<Array<Nullable<Timestamptz>>, _>(column(&days, |(_, day)| {
            Some(timestamptz(day.summary.as_ref()?.of.0))
        }))
        .bind::<Array<Nullable<SqlUuid>>, _>(column(&days, |(_, day)| Some(day.summary.as_ref()?.of.1.as_uuid())))
        .bind::<Array<Nullable<BigInt>>, _>(column(&days, |(_, day)| {
            day.entry_version.map(stint_domain::values::Version::get)
        }))
        .bind::<Array<Bool>, _>(column(&days, |(_, day)| day.detached));
    exactly(days.len(), save, connection).await
}
