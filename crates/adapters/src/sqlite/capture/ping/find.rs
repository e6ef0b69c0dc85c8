//! One ping.

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::LoggedPing;
use stint_domain::values::PingId;

use super::rows::PingRow;
use crate::sqlite::error::classify;
use crate::sqlite::schema::pings;

/// The ping, if it was logged.
pub(super) fn find(connection: &mut SqliteConnection, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
    let ping = pings::table.find(id.as_uuid().into_bytes()).select(PingRow::as_select());
    let row: Option<PingRow> = ping.first(connection).optional().map_err(classify)?;
    row.map(LoggedPing::try_from).transpose()
}
