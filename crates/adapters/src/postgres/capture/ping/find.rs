//! One ping.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::LoggedPing;
use stint_domain::values::PingId;

use super::rows::PingRow;
use crate::postgres::attempt::Failure;
use crate::postgres::read::one;
use crate::postgres::schema::pings;

/// The ping, if it was logged.
pub(super) async fn find(
    connection: &mut AsyncPgConnection,
    id: PingId,
) -> Result<Option<LoggedPing>, Failure<BackendError>> {
    one(pings::table.find(id.as_uuid()).select(PingRow::as_select()).first(connection).await)
}
