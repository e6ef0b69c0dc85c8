//! Housekeeping in Postgres: one statement, and so one transaction, for each thousand rows, so that nobody waits long
//! for its locks, nor a standby for its log. Rows that another transaction has locked are left for the next time.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::background::ports::Housekeeping;
use stint_domain::values::Timestamp;

use crate::postgres::Postgres;
use crate::postgres::attempt::{Failure, Repeat};
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::Sql;
use crate::sql::{Constant, statements};

/// The most rows that one statement deletes.
const PIECE: u32 = 1_000;

statements! {
    IdempotencyKeys: () = "
        WITH old AS (
            SELECT token_id, key FROM idempotency_keys
            WHERE created_at < ? ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
        )
        DELETE FROM idempotency_keys USING old
        WHERE idempotency_keys.token_id = old.token_id AND idempotency_keys.key = old.key";
    Pings: () = "
        WITH moment AS (SELECT ?::timestamptz AS before), old AS (
            SELECT id FROM pings, moment
            WHERE received_at < moment.before AND at < moment.before
            ORDER BY received_at, id LIMIT ? FOR UPDATE OF pings SKIP LOCKED
        )
        DELETE FROM pings USING old WHERE pings.id = old.id";
    TaskRuns: () = "
        WITH old AS (
            SELECT id FROM task_runs
            WHERE ended_at < ? AND EXISTS (
                SELECT 1 FROM task_runs AS later
                WHERE later.task = task_runs.task AND (later.due, later.attempt) > (task_runs.due, task_runs.attempt)
            )
            LIMIT ? FOR UPDATE OF task_runs SKIP LOCKED
        )
        DELETE FROM task_runs USING old WHERE task_runs.id = old.id";
    Sessions: () = "
        WITH old AS (
            SELECT id FROM tokens
            WHERE kind IS NOT NULL AND least(revoked_at, expires_at) < ?
            ORDER BY least(revoked_at, expires_at) LIMIT ? FOR UPDATE SKIP LOCKED
        )
        DELETE FROM tokens USING old WHERE tokens.id = old.id";
}

impl Postgres {
    /// Deletes in pieces until nothing is left to delete.
    async fn prune<S: Constant<Columns = ()>>(&self, before: Timestamp) -> Result<u64, BackendError> {
        let mut deleted = 0;
        loop {
            let piece = self
                .requests
                .run(Repeat::Harmless, before, |connection, before| Box::pin(delete::<S>(connection, *before)));
            let piece: usize = piece.await?;
            deleted += piece as u64;
            if piece < PIECE as usize {
                return Ok(deleted);
            }
        }
    }
}

/// Deletes a piece, and returns how many rows it had.
async fn delete<S: Constant<Columns = ()>>(
    connection: &mut AsyncPgConnection,
    before: Timestamp,
) -> Result<usize, Failure<BackendError>> {
    let delete = Sql::<S>::constant().bind::<Timestamptz, _>(timestamptz(before)).bind::<BigInt, _>(i64::from(PIECE));
    Ok(delete.execute(connection).await?)
}

#[async_trait]
impl Housekeeping for Postgres {
    async fn prune_idempotency_keys(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune::<IdempotencyKeys>(before).await
    }

    async fn prune_pings(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune::<Pings>(before).await
    }

    async fn prune_task_runs(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune::<TaskRuns>(before).await
    }

    async fn prune_sessions(&self, before: Timestamp) -> Result<u64, BackendError> {
        self.prune::<Sessions>(before).await
    }
}
