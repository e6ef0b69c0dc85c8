//! Housekeeping: a thousand rows in each transaction, and other writes take their turns in between. The file does not
//! shrink, but its free space is used again.

use async_trait::async_trait;
use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, sql_query};
use stint_domain::BackendError;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use crate::sqlite::Sqlite;
use crate::sqlite::error::classify;

/// The most rows that one transaction deletes.
const PIECE: u32 = 1_000;

const IDEMPOTENCY_KEYS: &str = "
    DELETE FROM idempotency_keys WHERE rowid IN (
        SELECT rowid FROM idempotency_keys WHERE created_at < ?1 ORDER BY created_at LIMIT ?2
    )";

const PINGS: &str = "
    DELETE FROM pings WHERE id IN (
        SELECT id FROM pings WHERE received_at < ?1 AND at < ?1 ORDER BY received_at, id LIMIT ?2
    )";

const TASK_RUNS: &str = "
    DELETE FROM task_runs WHERE id IN (
        SELECT id FROM task_runs AS old
        WHERE ended_at < ?1 AND EXISTS (
            SELECT 1 FROM task_runs AS later
            WHERE later.task = old.task AND (later.due, later.attempt) > (old.due, old.attempt)
        )
        LIMIT ?2
    )";

const SESSIONS: &str = "
    DELETE FROM tokens WHERE id IN (
        SELECT id FROM tokens
        WHERE kind IS NOT NULL AND coalesce(min(revoked_at, expires_at), revoked_at, expires_at) < ?1
        ORDER BY coalesce(min(revoked_at, expires_at), revoked_at, expires_at) LIMIT ?2
    )";

impl Sqlite {
    /// Deletes in pieces until nothing is left to delete.
    async fn prune(&self, sql: &'static str, before: Timestamp) -> Result<u64, BackendError> {
        let mut deleted = 0;
        loop {
            let piece: usize = self
                .write(move |connection| {
                    let delete = sql_query(sql).bind::<BigInt, _>(before.as_micros());
                    delete.bind::<BigInt, _>(i64::from(PIECE)).execute(connection).map_err(classify)
                })
                .await?;
            deleted += piece as u64;
            if piece < PIECE as usize {
                return Ok(deleted);
            }
        }
    }
}

#[async_trait]
impl Housekeeping for Sqlite {
    async fn prune_idempotency_keys(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune(IDEMPOTENCY_KEYS, before).await
    }

    async fn prune_pings(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune(PINGS, before).await
    }

    async fn prune_task_runs(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune(TASK_RUNS, before).await
    }

    async fn prune_sessions(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune(SESSIONS, before).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::query_plan::query_plan;

    #[test]
    fn sessions_that_have_ended_are_found_by_an_index_in_their_order() {
        let plan = query_plan(&sql_query(SESSIONS));
        let of_index = "SEARCH tokens USING INDEX tokens_ended (<expr><?)";
        assert_eq!(plan, ["SEARCH tokens USING PRIMARY KEY (id=?)", "LIST SUBQUERY 1", of_index]);
    }
}
