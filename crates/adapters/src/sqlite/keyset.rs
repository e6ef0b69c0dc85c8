//! Comparisons of two columns with a place, which keyset pages and streams need and Diesel cannot express.

use diesel::expression::{AppearsOnTable, AsExpression, Expression, TypedExpressionType, ValidGrouping};
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, SqlType};
use diesel::sqlite::Sqlite;

/// `(a, b) < (x, y)`, which SQLite looks up in an index over both columns. Spelled out with `OR`, each page would
/// read again every row with the same first column.
pub(super) fn before<A, B, X, Y>(columns: (A, B), place: (X, Y)) -> Beside<A, B, X::Expression, Y::Expression, false>
where
    A: Expression<SqlType: SqlType + TypedExpressionType>,
    B: Expression<SqlType: SqlType + TypedExpressionType>,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    Beside { a: columns.0, b: columns.1, x: place.0.as_expression(), y: place.1.as_expression() }
}

/// `(a, b) > (x, y)`, which SQLite looks up in the same way.
pub(super) fn after<A, B, X, Y>(columns: (A, B), place: (X, Y)) -> Beside<A, B, X::Expression, Y::Expression, true>
where
    A: Expression<SqlType: SqlType + TypedExpressionType>,
    B: Expression<SqlType: SqlType + TypedExpressionType>,
    X: AsExpression<A::SqlType>,
    Y: AsExpression<B::SqlType>,
{
    Beside { a: columns.0, b: columns.1, x: place.0.as_expression(), y: place.1.as_expression() }
}

/// See [`before`] and [`after`]. The direction is part of the type, by which Diesel finds a prepared statement again.
#[derive(Debug, Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct Beside<A, B, X, Y, const AFTER: bool> {
    a: A,
    b: B,
    x: X,
    y: Y,
}

impl<A, B, X, Y, const AFTER: bool> Expression for Beside<A, B, X, Y, AFTER>
where
    A: Expression,
    B: Expression,
    X: Expression,
    Y: Expression,
{
    type SqlType = Bool;
}

impl<A, B, X, Y, const AFTER: bool, Source> AppearsOnTable<Source> for Beside<A, B, X, Y, AFTER>
where
    A: AppearsOnTable<Source>,
    B: AppearsOnTable<Source>,
    X: AppearsOnTable<Source>,
    Y: AppearsOnTable<Source>,
{
}

impl<A, B, X, Y, const AFTER: bool> QueryFragment<Sqlite> for Beside<A, B, X, Y, AFTER>
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
        out.push_sql(if AFTER { ") > (" } else { ") < (" });
        self.x.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.y.walk_ast(out.reborrow())?;
        out.push_sql(")");
        Ok(())
    }
}
