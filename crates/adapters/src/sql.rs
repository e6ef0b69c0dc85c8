//! Statements with a written text, in a form that Diesel prepares once per connection.
//!
//! Diesel's `sql_query` is prepared again each time it is sent, and its query language has no data-modifying `WITH`.
//! A [`Sql`] is a text whose parameters are marked `?`, in order. A constant text ([`statements!`]) has a type of its
//! own, by which Diesel finds the prepared statement again; a text that is put together at run time
//! ([`Sql::varying`]) is found by the text.
//!
//! Most texts belong to one dialect. The listings are the same in both, and so they stand once: what is stored in
//! different types is bound as a [`Value`].

use std::marker::PhantomData;

use diesel::backend::Backend;
use diesel::expression::AsExpression;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{SingleValue, SqlType};
use stint_domain::PageSize;
use stint_domain::values::{DateStamp, Timestamp};
use uuid::Uuid;

/// A constant text, and the SQL types of its result columns.
pub(crate) trait Constant: 'static {
    /// The SQL types of the result columns.
    type Columns;
    /// The statement.
    const SQL: &'static str;
}

/// Declares constant statements: for each its name, the SQL types of its columns, and its text.
macro_rules! statements {
    ($($(#[$doc:meta])* $visibility:vis $name:ident: $columns:ty = $sql:expr;)+) => {
        $(
            $(#[$doc])*
            $visibility struct $name;

            impl $crate::sql::Constant for $name {
                type Columns = $columns;
                const SQL: &'static str = $sql;
            }
        )+
    };
}
pub(crate) use statements;

/// The name of a statement whose text varies, with the result columns `C`.
pub(crate) struct Varying<C>(PhantomData<C>);

/// A statement and its parameters in the dialect `D`. `N` names it.
pub(crate) struct Sql<'a, N, D: Backend> {
    texts: Vec<&'static str>,
    binds: Vec<Bind<'a, D>>,
    name: PhantomData<fn() -> N>,
}

/// A parameter.
pub(crate) type Bind<'a, D> = Box<dyn QueryFragment<D> + Send + 'a>;

/// A value that the dialects store in different types.
pub(crate) enum Value<'a> {
    Id(Uuid),
    Moment(Timestamp),
    Date(DateStamp),
    Text(&'a str),
    Number(i64),
}

/// A database with types of its own.
pub(crate) trait Dialect: Backend {
    /// The function that returns the position of a part in a text, from 1; 0 when it is not there. Unlike with
    /// `LIKE`, no character is special.
    const POSITION: &'static str;

    /// The value as a parameter.
    fn bound(value: Value<'_>) -> Bind<'_, Self>;
}

impl<N: Constant, D: Backend> Sql<'_, N, D> {
    /// The statement with this name, still without its parameters.
    pub(crate) fn constant() -> Self {
        Self { texts: vec![N::SQL], binds: Vec::new(), name: PhantomData }
    }
}

impl<'a, C, D: Dialect> Sql<'a, Varying<C>, D> {
    /// A statement that starts with this text.
    pub(crate) fn varying(text: &'static str) -> Self {
        Self { texts: vec![text], binds: Vec::new(), name: PhantomData }
    }

    /// Appends to the text.
    pub(crate) fn text(mut self, text: &'static str) -> Self {
        self.texts.push(text);
        self
    }

    /// Appends a text and its parameters.
    pub(crate) fn with<const P: usize>(mut self, text: &'static str, values: [Value<'a>; P]) -> Self {
        self.binds.extend(values.into_iter().map(D::bound));
        self.text(text)
    }

    /// Appends a text and its parameters, if there are any.
    pub(crate) fn when<const P: usize>(self, text: &'static str, values: Option<[Value<'a>; P]>) -> Self {
        match values {
            Some(values) => self.with(text, values),
            None => self,
        }
    }

    /// Ends a listing: `text` has its order, and the bound on its rows.
    pub(crate) fn page(self, text: &'static str, size: PageSize) -> Self {
        self.with(text, [Value::Number(size.with_lookahead())])
    }
}

impl<'a, N, D: Backend> Sql<'a, N, D> {
    /// Binds the next parameter.
    pub(crate) fn bind<T, V>(mut self, value: V) -> Self
    where
        T: SqlType + SingleValue,
        V: AsExpression<T>,
        V::Expression: QueryFragment<D> + Send + 'a,
    {
        self.binds.push(Box::new(value.as_expression()));
        self
    }
}

/// Whether a prepared statement is found by its type.
pub(crate) trait Name {
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

impl<N: Name, D: Backend> Query for Sql<'_, N, D> {
    type SqlType = N::Columns;
}

impl<N: Name, D: Backend> QueryId for Sql<'_, N, D> {
    type QueryId = N::Id;
    const HAS_STATIC_QUERY_ID: bool = N::IS_CONSTANT;
}

impl<N, D: Backend> QueryFragment<D> for Sql<'_, N, D> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, D>) -> QueryResult<()> {
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

impl<N, D: Backend, C> RunQueryDsl<C> for Sql<'_, N, D> {}

fn miscounted(text: &str) -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError(format!("parameters and values differ in number: {text}").into())
}
