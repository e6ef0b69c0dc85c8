//! Statements with a written text, in a form that Diesel prepares once per connection.
//!
//! Diesel's `sql_query` is prepared again each time it is sent, and its query language has no data-modifying `WITH`.
//! A [`Sql`] is a text whose parameters are marked `?`, in order. A constant text ([`Sql::constant`]) has a type of
//! its own, by which Diesel finds the prepared statement again; a text that is put together at run time
//! ([`Sql::varying`]) is found by the text.

use std::marker::PhantomData;

use diesel::expression::AsExpression;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{SingleValue, SqlType};

/// A constant text, and the SQL types of its result columns.
pub(super) trait Constant: 'static {
    /// The SQL types of the result columns.
    type Columns;
    /// The statement.
    const SQL: &'static str;
}

/// The name of a statement whose text varies, with the result columns `C`.
pub(super) struct Varying<C>(PhantomData<C>);

/// A statement and its parameters. `N` names it.
pub(super) struct Sql<'a, N> {
    texts: Vec<&'static str>,
    binds: Vec<Box<dyn QueryFragment<Pg> + 'a>>,
    name: PhantomData<N>,
}

impl<N: Constant> Sql<'_, N> {
    /// The statement with this name, still without its parameters.
    pub(super) fn constant() -> Self {
        Self { texts: vec![N::SQL], binds: Vec::new(), name: PhantomData }
    }
}

impl<C> Sql<'_, Varying<C>> {
    /// A statement that starts with this text.
    pub(super) fn varying(text: &'static str) -> Self {
        Self { texts: vec![text], binds: Vec::new(), name: PhantomData }
    }

    /// Appends to the text.
    pub(super) fn text(mut self, text: &'static str) -> Self {
        self.texts.push(text);
        self
    }
}

impl<'a, N> Sql<'a, N> {
    /// Binds the next parameter.
    pub(super) fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + SingleValue,
        V: AsExpression<T>,
        V::Expression: QueryFragment<Pg> + 'a,
    {
        self.binds.push(Box::new(value.as_expression()));
        self
    }
}

/// Whether a prepared statement is found by its type.
pub(super) trait Name {
    type Columns;
    type Id: 'static;
    const IS_CONSTANT: bool;
}

impl<N: Constant> Name for N {
    type Columns = N::Columns;
    type Id = N;
    const IS_CONSTANT: bool = true;
}

impl<C> Name for Varying<C> {
    type Columns = C;
    type Id = ();
    const IS_CONSTANT: bool = false;
}

impl<N: Name> Query for Sql<'_, N> {
    type SqlType = N::Columns;
}

impl<N: Name> QueryId for Sql<'_, N> {
    type QueryId = N::Id;
    const HAS_STATIC_QUERY_ID: bool = N::IS_CONSTANT;
}

impl<N> QueryFragment<Pg> for Sql<'_, N> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let mut binds = self.binds.iter();
        for text in &self.texts {
            let mut parts = text.split('?');
            out.push_sql(parts.next().unwrap_or_default());
            for part in parts {
                let bind = binds.next().ok_or_else(|| miscounted(text))?;
                bind.walk_ast(out.reborrow())?;
                out.push_sql(part);
            }
        }
        if binds.next().is_some() { Err(miscounted(self.texts.last().copied().unwrap_or_default())) } else { Ok(()) }
    }
}

impl<N> RunQueryDsl<PgConnection> for Sql<'_, N> {}

fn miscounted(text: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("parameters and values differ in number: {text}").into())
}
