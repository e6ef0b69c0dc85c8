//! Reading stored rows back as domain values, the same way for every dialect.
//!
//! What a column holds passes the domain's own constructor, as input does, or for text that for what is stored. What does not pass is reported with the
//! place where an operator finds it. Which columns there are is not known here.

use std::error::Error;
use std::fmt::Display;

use stint_domain::{BackendError, Corrupt};

/// A row of a table, for the errors about its columns.
#[derive(Debug, Clone)]
pub(crate) struct StoredRow {
    /// The backend that holds it.
    pub(crate) backend: &'static str,
    /// Its table.
    pub(crate) table: &'static str,
    /// Its id, as an operator would look for it.
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

    /// A column that does not parse.
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
