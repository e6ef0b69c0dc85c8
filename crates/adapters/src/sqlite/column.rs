//! Columns of jobs and entries, which are read most: parsed where SQLite holds them, without a copy in between.
//!
//! A value that does not parse keeps its reason until the row is put together, which knows the table and the id.

use std::error::Error;
use std::fmt::Display;

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::sql_types::{BigInt, Binary, Text};
use diesel::sqlite::{Sqlite, SqliteValue};
use stint_domain::BackendError;
use stint_domain::ledger::{JobName, JobStatus, Minutes, TotalMinutes, WorkSummary};
use stint_domain::values::{DateStamp, JobId, Subject, TimeEntryId, Timestamp, Version};
use uuid::Uuid;

use super::error::BACKEND;
use super::rows::Hex;
use crate::stored_row::StoredRow;

/// A column of a row that was read.
#[derive(Debug, FromSqlRow)]
pub(super) struct Column<T>(Result<T, Box<Unparsed>>);

#[derive(Debug)]
struct Unparsed {
    value: String,
    source: Box<dyn Error + Send + Sync>,
}

impl<T> Column<T> {
    fn parse<V, E>(value: V, parsed: Result<T, E>) -> Self
    where
        V: Display,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        Self(parsed.map_err(|source| Box::new(Unparsed { value: value.to_string(), source: source.into() })))
    }
}

/// Which row a column belongs to.
pub(super) struct Place<I> {
    table: &'static str,
    pub(super) id: I,
}

impl<I: Display> Place<I> {
    /// The row of `table` with this id.
    pub(super) fn of(table: &'static str, id: Column<I>) -> Result<Self, BackendError> {
        match id.0 {
            Ok(id) => Ok(Self { table, id }),
            Err(unparsed) => Err(corrupt(table, unparsed.value.clone(), "id", *unparsed)),
        }
    }

    /// The value of another column of the row.
    pub(super) fn column<T>(&self, name: &'static str, column: Column<T>) -> Result<T, BackendError> {
        column.0.map_err(|unparsed| corrupt(self.table, self.id.to_string(), name, *unparsed))
    }
}

fn corrupt(table: &'static str, id: String, column: &'static str, unparsed: Unparsed) -> BackendError {
    StoredRow { backend: BACKEND, table, id }.corrupt(column, unparsed.value, unparsed.source)
}

/// Says how columns of SQLite's three types become values.
macro_rules! columns {
    (ids: $($id:ty),+; numbers: $($number:ty = $of:path),+; texts: $($text:ty = $read:path),+;) => {
        $(impl FromSql<Binary, Sqlite> for Column<$id> {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let bytes = value.read_blob();
                Ok(Self::parse(Hex(bytes), Uuid::from_slice(bytes).map(<$id>::new)))
            }
        })+
        $(impl FromSql<BigInt, Sqlite> for Column<$number> {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let number = value.read_long();
                Ok(Self::parse(number, $of(number)))
            }
        })+
        $(impl FromSql<Text, Sqlite> for Column<$text> {
            fn from_sql(mut value: SqliteValue<'_, '_, '_>) -> deserialize::Result<Self> {
                let text = value.read_text();
                Ok(Self::parse(text, $read(text)))
            }
        })+
    };
}

columns! {
    ids: JobId, TimeEntryId;
    numbers: Minutes = Minutes::new, TotalMinutes = TotalMinutes::new, Version = Version::new,
        Timestamp = Timestamp::from_micros;
    texts: JobName = JobName::stored, JobStatus = str::parse::<JobStatus>, DateStamp = str::parse::<DateStamp>,
        WorkSummary = WorkSummary::stored, Subject = Subject::stored;
}
