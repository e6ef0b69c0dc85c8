//! Values as SQLite stores them, and reading them. The rows of each feature stand in its room.

use std::fmt::{self, Display};

use diesel::prelude::*;
use stint_domain::values::{Timestamp, Version};
use stint_domain::{BackendError, Page, PageSize};
use uuid::Uuid;

use super::error::{BACKEND, classify};
use crate::stored_row::{self, StoredRow};

/// Reads the row that was found, if one was.
pub(super) fn one<R, T>(row: QueryResult<R>) -> Result<Option<T>, BackendError>
where
    T: TryFrom<R, Error = BackendError>,
{
    row.optional().map_err(classify)?.map(T::try_from).transpose()
}

/// Reads the rows of a page.
pub(super) fn page<R, T, C>(rows: QueryResult<Vec<R>>, size: PageSize) -> Result<Page<T, C>, BackendError>
where
    T: TryFrom<R, Error = BackendError>,
    C: for<'a> From<&'a T>,
{
    stored_row::page(rows.map_err(classify)?, size)
}

/// A row of `table`. Its id is shown as a UUID if it is one.
pub(super) fn row(table: &'static str, id: &[u8]) -> StoredRow {
    let id = Uuid::from_slice(id).map_or_else(|_no_uuid| Hex(id).to_string(), |id| id.to_string());
    StoredRow { backend: BACKEND, table, id }
}

/// Reads a column with a fixed number of bytes.
pub(super) fn bytes<const N: usize>(
    row: &StoredRow,
    column: &'static str,
    value: &[u8],
) -> Result<[u8; N], BackendError> {
    row.column(column, Hex(value), |Hex(value)| <[u8; N]>::try_from(*value))
}

pub(super) fn uuid(row: &StoredRow, column: &'static str, value: &[u8]) -> Result<Uuid, BackendError> {
    bytes(row, column, value).map(Uuid::from_bytes)
}

pub(super) fn version(row: &StoredRow, value: i64) -> Result<Version, BackendError> {
    row.column("version", value, |version| Version::new(*version))
}

pub(super) fn timestamp(row: &StoredRow, column: &'static str, micros: i64) -> Result<Timestamp, BackendError> {
    row.column(column, micros, |micros| Timestamp::from_micros(*micros))
}

/// Bytes as SQLite writes them: `x'00ff'`.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("x'")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("'")
    }
}
