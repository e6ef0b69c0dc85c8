//! Look-ups of many rows by their ids, in statements that are prepared once per connection.
//!
//! Diesel's `eq_any` is prepared again each time, because the number of its parameters varies. Here there are three
//! numbers, and places that are left over hold what is no id. The ids are rows to be joined, because SQLite would first
//! make a table of those after `IN`. Writing has no such form: SQLite copies each page before a statement changes it, if
//! the statement has several rows and could fail in the middle, and that costs more than statements do.

use std::array;
use std::marker::PhantomData;

use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::query_dsl::LoadQuery;
use diesel::sql_types::Binary;
use diesel::sqlite::Sqlite;
use uuid::Uuid;

use crate::sql::Constant;

const SOME: usize = 8;
const MANY: usize = 64;

/// The rows of `N`, which joins `ids`, a table with one column: `wanted`.
pub(super) struct ByIds<N, const P: usize> {
    ids: [Option<[u8; 16]>; P],
    name: PhantomData<N>,
}

/// The rows with these ids, in any order.
pub(super) fn load<N, R>(connection: &mut SqliteConnection, ids: impl IntoIterator<Item = Uuid>) -> QueryResult<Vec<R>>
where
    N: Constant,
    ByIds<N, 1>: for<'q> LoadQuery<'q, SqliteConnection, R>,
    ByIds<N, SOME>: for<'q> LoadQuery<'q, SqliteConnection, R>,
    ByIds<N, MANY>: for<'q> LoadQuery<'q, SqliteConnection, R>,
{
    let ids: Vec<_> = ids.into_iter().collect();
    let mut rows = Vec::with_capacity(ids.len());
    for ids in ids.chunks(MANY) {
        rows.extend(match ids.len() {
            1 => ByIds::<N, 1>::of(ids).load(connection),
            2..=SOME => ByIds::<N, SOME>::of(ids).load(connection),
            _ => ByIds::<N, MANY>::of(ids).load(connection),
        }?);
    }
    Ok(rows)
}

impl<N, const P: usize> ByIds<N, P> {
    fn of(ids: &[Uuid]) -> Self {
        Self { ids: array::from_fn(|place| ids.get(place).map(|id| id.into_bytes())), name: PhantomData }
    }
}

impl<N: Constant, const P: usize> Query for ByIds<N, P> {
    type SqlType = N::Columns;
}

impl<N: Constant, const P: usize> QueryId for ByIds<N, P> {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<N: Constant, const P: usize> QueryFragment<Sqlite> for ByIds<N, P> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("WITH ids (wanted) AS (VALUES ");
        for (place, id) in self.ids.iter().enumerate() {
            out.push_sql(if place == 0 { "(" } else { ", (" });
            out.push_bind_param::<Binary, _>(id.as_ref().map_or(&[][..], <[u8; 16]>::as_slice))?;
            out.push_sql(")");
        }
        out.push_sql(") ");
        out.push_sql(N::SQL);
        Ok(())
    }
}

impl<N, const P: usize> RunQueryDsl<SqliteConnection> for ByIds<N, P> {}
