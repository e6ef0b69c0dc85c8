//! The one comparison that keyset pages need and Diesel has no words for: of two columns at once with a place.

use diesel::expression::{AppearsOnTable, AsExpression, Expression, TypedExpressionType, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, SqlType};
use diesel::sqlite::Sqlite;

/// `(a, b) < (x, y)`, which SQLite looks up in an index over both columns. The same spelled out with `OR` would read
/// every row that is equal in the first column again for each page.
pub(super) fn before<A, B, X, Y>(columns: (A, B), place: (X, Y)) -> Before<A, B, X::Expression, Y::Expression>
where
    A: Expression<SqlType: SqlType + TypedExpressionType>,
    B: Expression<SqlType: SqlType + TypedExpressionType>,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    Before { a: columns.0, b: columns.1, x: place.0.as_expression(), y: place.1.as_expression() }
}

/// See [`before`].
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct Before<A, B, X, Y> {
    a: A,
    b: B,
    x: X,
    y: Y,
}

impl<A, B, X, Y> Expression for Before<A, B, X, Y>
where
    A: Expression,
    B: Expression,
    X: Expression,
    Y: Expression,
{
    type SqlType = Bool;
}

impl<A, B, X, Y, Source> AppearsOnTable<Source> for Before<A, B, X, Y>
where
    A: AppearsOnTable<Source>,
    B: AppearsOnTable<Source>,
    X: AppearsOnTable<Source>,
    Y: AppearsOnTable<Source>,
{
}

impl<A, B, X, Y> QueryFragment<Sqlite> for Before<A, B, X, Y>
where
    A: QueryFragment<Sqlite>,
    B: QueryFragment<Sqlite>,
    X: QueryFragment<Sqlite>,
    Y: QueryFragment<Sqlite>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("(");
        self.a.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.b.walk_ast(out.reborrow())?;
        out.push_sql(") < (");
        self.x.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.y.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
