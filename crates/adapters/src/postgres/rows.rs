//! Values of Postgres and of the domain. The rows of each feature stand in its room.
//!
//! The fields have types that accept any stored value. So a value that the domain refuses is found here, with its
//! table, column and id, and not in Diesel, which does not know the row.

use std::error::Error;
use std::fmt::Display;

use chrono::{Datelike, NaiveDate};
use diesel::data_types::{PgDate, PgTimestamp};
use stint_domain::BackendError;
use stint_domain::values::{DateStamp, DateStampError, Timestamp, Version};
use uuid::Uuid;

use super::error::BACKEND;
use crate::stored_row::StoredRow;

/// Microseconds from 1970-01-01 to 2000-01-01, where Postgres starts to count.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
/// Days from 0001-01-01, chrono's first day, to 2000-01-01, where Postgres starts to count.
const EPOCH_DAYS: i32 = 730_120;

/// A moment as Postgres stores it.
pub(super) fn timestamptz(moment: Timestamp) -> PgTimestamp {
    PgTimestamp(moment.as_micros() - EPOCH_MICROS)
}

/// A date as Postgres stores it.
pub(super) fn date(date: DateStamp) -> PgDate {
    PgDate(date.as_date().num_days_from_ce() - EPOCH_DAYS)
}

/// A stored date as the domain's value.
pub(super) fn date_stamp(PgDate(days): PgDate) -> Result<DateStamp, DateStampError> {
    let date = NaiveDate::from_num_days_from_ce_opt(days.saturating_add(EPOCH_DAYS)).ok_or(DateStampError)?;
    DateStamp::new(date)
}

/// The row that a value belongs to. Its text is only made for an error.
pub(super) struct Place {
    pub(super) table: &'static str,
    pub(super) id: Uuid,
}

impl Place {
    pub(super) fn column<T, E>(
        &self,
        column: &'static str,
        value: impl Display,
        parsed: Result<T, E>,
    ) -> Result<T, BackendError>
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        parsed.map_err(|error| self.row().corrupt(column, value, error))
    }

    pub(super) fn row(&self) -> StoredRow {
        StoredRow { backend: BACKEND, table: self.table, id: self.id.to_string() }
    }

    pub(super) fn timestamp(&self, column: &'static str, stored: PgTimestamp) -> Result<Timestamp, BackendError> {
        // `infinity` is the greatest number, so it stays outside the years of a timestamp.
        self.column(column, stored.0, Timestamp::from_micros(stored.0.saturating_add(EPOCH_MICROS)))
    }

    pub(super) fn version(&self, stored: i64) -> Result<Version, BackendError> {
        self.column("version", stored, Version::new(stored))
    }
}
