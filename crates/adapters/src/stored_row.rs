//! Turns stored rows back into domain values, in the same way for every dialect.
//!
//! A column's value passes the domain's constructor, as input does; text passes the constructor for stored text. A
//! value that does not pass is reported with its table, column and id, so that an operator can find it. This module
//! does not know which columns there are.

use std::error::Error;
use std::fmt::Display;

use stint_domain::{BackendError, Corrupt, Page, PageSize};

/// Reads rows.
pub(crate) fn read<R, T: TryFrom<R, Error = BackendError>>(rows: Vec<R>) -> Result<Vec<T>, BackendError> {
    rows.into_iter().map(T::try_from).collect()
}

/// Reads the rows of a page, and one more if another page follows.
pub(crate) fn page<R, T, C>(rows: Vec<R>, size: PageSize) -> Result<Page<T, C>, BackendError>
where
    T: TryFrom<R, Error = BackendError>,
    C: for<'a> From<&'a T>,
{
    Ok(Page::of(read(rows)?, size, |last| C::from(last)))
}

/// The row that a column belongs to, for errors.
#[derive(Debug, Clone)]
pub(crate) struct StoredRow {
    /// The backend that stores it.
    pub(crate) backend: &'static str,
    /// The table of the row.
    pub(crate) table: &'static str,
    /// The row's id, in the form in which an operator would search for it.
    pub(crate) id: String,
}

impl StoredRow {
    /// Parses the `value` of a `column`.
    pub(crate) fn column<V, T, E>(
        &self,
        column: &'static str,
        value: V,
        parse: impl FnOnce(&V) -> Result<T, E>,
    ) -> Result<T, BackendError>
    where
        V: Display,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        parse(&value).map_err(|error| self.corrupt(column, &value, error))
    }

    /// The error of a column that does not parse.
    pub(crate) fn corrupt(
        &self,
        column: &'static str,
        value: impl Display,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> BackendError {
        let corrupt =
            Corrupt { table: self.table, column, id: self.id.clone(), value: value.to_string(), source: source.into() };
        BackendError::corrupt(self.backend, corrupt)
    }
}
