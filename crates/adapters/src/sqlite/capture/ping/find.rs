//! One ping.

use diesel::SqliteConnection;
use diesel::prelude::*;
use stint_domain::BackendError;
use stint_domain::capture::LoggedPing;
use stint_domain::values::PingId;

use super::rows::PingRow;
use crate::sqlite::rows::one;
use crate::sqlite::schema::pings;

/// The ping, if it was logged.
pub(super) fn find(connection: &mut SqliteConnection, id: PingId) -> Result<Option<LoggedPing>, BackendError> {
    one(pings::table.find(id.as_uuid().into_bytes()).select(PingRow::as_select()).first(connection))
}
