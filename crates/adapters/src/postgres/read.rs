//! From the rows that a query found to the domain's values.

use diesel::prelude::*;
use stint_domain::{BackendError, Page, PageSize};

use super::attempt::Failure;
use crate::stored_row;

/// Reads the row that was found, if one was.
pub(super) fn one<R, T, E>(row: QueryResult<R>) -> Result<Option<T>, Failure<E>>
where
    T: TryFrom<R, Error = BackendError>,
    E: From<BackendError>,
{
    Ok(row.optional()?.map(T::try_from).transpose()?)
}

/// Reads all rows.
pub(super) fn all<R, T, E>(rows: QueryResult<Vec<R>>) -> Result<Vec<T>, Failure<E>>
where
    T: TryFrom<R, Error = BackendError>,
    E: From<BackendError>,
{
    Ok(stored_row::read(rows?)?)
}

/// Reads the rows of a page.
pub(super) fn page<R, T, C>(rows: QueryResult<Vec<R>>, size: PageSize) -> Result<Page<T, C>, Failure<BackendError>>
where
    T: TryFrom<R, Error = BackendError>,
    C: for<'a> From<&'a T>,
{
    Ok(stored_row::page(rows?, size)?)
}
