//! Statements in Postgres' dialect.

use diesel::IntoSql;
use diesel::pg::Pg;
use diesel::sql_types::{BigInt, Date, Text, Timestamptz, Uuid as SqlUuid};

use super::rows::{date, timestamptz};
use crate::sql::{self, Bind, Dialect, Value};

/// A statement and its parameters.
pub(super) type Sql<'a, N> = sql::Sql<'a, N, Pg>;

impl Dialect for Pg {
    const POSITION: &'static str = "strpos";

    fn bound(value: Value<'_>) -> Bind<'_, Self> {
        match value {
            Value::Id(id) => Box::new(id.into_sql::<SqlUuid>()),
            Value::Moment(moment) => Box::new(timestamptz(moment).into_sql::<Timestamptz>()),
            Value::Date(day) => Box::new(date(day).into_sql::<Date>()),
            Value::Text(text) => Box::new(text.into_sql::<Text>()),
            Value::Number(number) => Box::new(number.into_sql::<BigInt>()),
        }
    }
}
