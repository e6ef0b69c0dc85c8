//! Writing pings and days.

use std::collections::BTreeSet;

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::ports::ping::PingStatus;
use stint_domain::capture::{CapturedDay, Ping, PingRefusal};
use stint_domain::ledger::JobName;
use stint_domain::values::PingId;

use crate::capture::counting::{Captured, NewPing, last_use};
use crate::sqlite::error::classify;
use crate::sqlite::schema::{ping_days, pings, tokens};

/// The last use is stored to the minute, so most groups change nothing.
const MINUTE: i64 = 60_000_000;

pub(super) fn pings(connection: &mut SqliteConnection, new: &[NewPing]) -> Result<(), BackendError> {
    for NewPing { ping, day, project, anew } in new {
        diesel::insert_into(pings::table)
            .values((
                pings::id.eq(ping.id.as_uuid().into_bytes()),
                pings::token_id.eq(ping.token.as_uuid().into_bytes()),
                pings::related_job.eq(ping.related_job.map(|job| job.as_uuid().into_bytes())),
                pings::at.eq(ping.at.as_micros()),
                pings::received_at.eq(ping.received_at.as_micros()),
                pings::minutes.eq(ping.minutes.map(|minutes| i64::from(minutes.get()))),
                pings::summary.eq(ping.summary.as_ref().map(stint_domain::ledger::WorkSummary::as_str)),
                pings::day.eq(day.to_string()),
                pings::status.eq(PingStatus::from(&ping.outcome).as_str()),
                pings::reason.eq(ping.outcome.refusal().map(PingRefusal::as_str)),
                pings::logged_at.eq(ping.logged_at.as_micros()),
                pings::project.eq(project.as_ref().map(JobName::as_str)),
                pings::anew.eq(*anew),
            ))
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(())
}

/// Gives earlier pings their mark, or removes it.
pub(super) fn marks(
    connection: &mut SqliteConnection,
    of: impl IntoIterator<Item = PingId>,
    anew: bool,
) -> Result<(), BackendError> {
    for id in of {
        diesel::update(pings::table.find(id.as_uuid().into_bytes()))
            .set(pings::anew.eq(anew))
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(())
}

pub(super) fn days(
    connection: &mut SqliteConnection,
    captured: &Captured,
    touched: &BTreeSet<CapturedDay>,
) -> Result<(), BackendError> {
    for day in touched {
        let Some(state) = captured.days.get(day) else { continue };
        let summary = state.summary.as_ref();
        let place = (
            ping_days::related_job.eq(day.job.as_uuid().into_bytes()),
            ping_days::token_id.eq(day.token.as_uuid().into_bytes()),
            ping_days::day.eq(day.date.to_string()),
        );
        let values = (
            ping_days::micros.eq(state.micros),
            ping_days::summary.eq(summary.map(|summary| summary.text.as_str())),
            ping_days::summary_at.eq(summary.map(|summary| summary.of.0.as_micros())),
            ping_days::summary_ping.eq(summary.map(|summary| summary.of.1.as_uuid().into_bytes())),
            ping_days::entry_version.eq(state.entry_version.map(stint_domain::values::Version::get)),
            ping_days::detached.eq(state.detached),
        );
        diesel::insert_into(ping_days::table)
            .values((place, values))
            .on_conflict((ping_days::related_job, ping_days::token_id, ping_days::day))
            .do_update()
            .set(values)
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(())
}

pub(super) fn used(connection: &mut SqliteConnection, pings: &[Ping]) -> Result<(), BackendError> {
    for (token, at) in last_use(pings) {
        let token = tokens::table.find(token.as_uuid().into_bytes());
        let is_older = tokens::last_used_at.is_null().or(tokens::last_used_at.le(at.as_micros() - MINUTE));
        diesel::update(token.filter(is_older))
            .set(tokens::last_used_at.eq(at.as_micros()))
            .execute(connection)
            .map_err(classify)?;
    }
    Ok(())
}
