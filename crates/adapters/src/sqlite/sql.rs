//! Statements in SQLite's dialect.

use diesel::IntoSql;
use diesel::sql_types::{BigInt, Binary, Text};
pub(super) use diesel::sqlite::Sqlite as Dialect;

use crate::sql::{self, Bind, Value};

/// A statement and its parameters.
pub(super) type Sql<'a, N> = sql::Sql<'a, N, Dialect>;

impl sql::Dialect for Dialect {
    const POSITION: &'static str = "instr";

    fn bound(value: Value<'_>) -> Bind<'_, Self> {
        match value {
            Value::Id(id) => Box::new(id.into_bytes().into_sql::<Binary>()),
            Value::Moment(moment) => Box::new(moment.as_micros().into_sql::<BigInt>()),
            Value::Date(day) => Box::new(day.to_string().into_sql::<Text>()),
            Value::Text(text) => Box::new(text.into_sql::<Text>()),
            Value::Number(number) => Box::new(number.into_sql::<BigInt>()),
        }
    }
}
