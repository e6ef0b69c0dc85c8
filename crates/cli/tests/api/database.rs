//! The database beside the service: what tests read and change there without the API.

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
#[cfg(feature = "system-tests")]
use stint_adapters::postgres::test_database::PgConnection;

pub(super) enum Database {
    Sqlite(SqliteConnection),
    #[cfg(feature = "system-tests")]
    Postgres(Box<PgConnection>),
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    value: String,
}

impl Database {
    pub(super) fn execute(&mut self, sql: &str) {
        match self {
            Self::Sqlite(connection) => connection.batch_execute(sql),
            #[cfg(feature = "system-tests")]
            Self::Postgres(connection) => connection.batch_execute(sql),
        }
        .unwrap();
    }

    /// The names of all tables.
    pub(super) fn tables(&mut self) -> Vec<String> {
        self.read(match self {
            Self::Sqlite(_) => "SELECT name AS value FROM sqlite_master WHERE type = 'table'",
            #[cfg(feature = "system-tests")]
            Self::Postgres(_) => {
                "SELECT format('%I.%I', schemaname, tablename) AS value FROM pg_tables
                 WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
            }
        })
    }

    /// The rows of a table for which the condition holds, without some columns: each a JSON object, with bytes as `\x` and
    /// hexadecimal digits, sorted.
    pub(super) fn rows(&mut self, table: &str, without: &[&str], condition: &str) -> Vec<String> {
        let row = match self {
            Self::Sqlite(_) => {
                let columns = self.read(&format!("SELECT name AS value FROM pragma_table_info('{table}')"));
                let kept = columns.iter().filter(|column| !without.contains(&column.as_str()));
                let member = |column: &String| {
                    format!(
                        r#"'{column}', CASE typeof("{column}") WHEN 'blob' THEN '\x' || lower(hex("{column}"))
                           ELSE "{column}" END"#
                    )
                };
                format!("json_object({})", kept.map(member).collect::<Vec<_>>().join(", "))
            }
            #[cfg(feature = "system-tests")]
            Self::Postgres(_) => {
                let without: Vec<_> = without.iter().map(|column| format!("'{column}'")).collect();
                format!("(to_jsonb(t) - ARRAY[{}]::text[])::text", without.join(", "))
            }
        };
        let mut rows = self.read(&format!("SELECT {row} AS value FROM {table} t WHERE {condition}"));
        rows.sort_unstable();
        rows
    }

    fn read(&mut self, sql: &str) -> Vec<String> {
        let rows: Vec<Row> = match self {
            Self::Sqlite(connection) => sql_query(sql).load(connection),
            #[cfg(feature = "system-tests")]
            Self::Postgres(connection) => sql_query(sql).load(&mut **connection),
        }
        .unwrap();
        rows.into_iter().map(|row| row.value).collect()
    }
}
