//! Handles of people and subjects of tokens that are nobody's are one name space. Whoever adds a subject shares a lock
//! until the end of the transaction, and whoever adds a handle holds it alone. So each looks after the other has
//! committed.

use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::postgres::sql::Sql;
use crate::sql::statements;

statements! {
    Share: Text = "SELECT pg_advisory_xact_lock_shared(7310867224)::text";
    Hold: Text = "SELECT pg_advisory_xact_lock(7310867224)::text";
}

/// Waits for those who add a handle.
pub(in crate::postgres) async fn share(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    Sql::<Share>::constant().get_result::<String>(connection).await.map(drop)
}

/// Waits for those who add a subject or a handle.
pub(in crate::postgres) async fn hold(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    Sql::<Hold>::constant().get_result::<String>(connection).await.map(drop)
}
