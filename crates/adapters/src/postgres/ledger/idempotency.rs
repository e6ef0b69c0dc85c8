//! Creations of jobs that happen once per key. [`super::group`] does the same for entries.
//!
//! The key is claimed first, in the transaction of the write. A racing repeat waits at that claim until the first
//! request is done. Then it finds the outcome; or, if the first was refused, the key is free again.
//!
//! Each statement that stores a new outcome deletes a few old ones, so no task is needed for it, and no write waits
//! long for it.

use diesel::data_types::PgTimestamp;
use diesel::dsl::insert_into;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::ledger::ports::job::CreateJobError;
use stint_domain::ledger::{Applied, Idempotency, Job};
use stint_domain::values::Timestamp;

use crate::ledger::Outcome;
use crate::ledger::stored_outcome::StoredOutcome;
use crate::postgres::attempt::{Failure, transaction};
use crate::postgres::error::BACKEND;
use crate::postgres::rows::timestamptz;
use crate::postgres::schema::idempotency_keys::dsl;
use crate::postgres::sql::Sql;
use crate::sql::statements;

/// How many old outcomes a new one deletes: more than one, so that they cannot accumulate.
const FORGOTTEN_AT_ONCE: i64 = 4;

/// When `new` outcomes are stored at `at`: before which moment outcomes are deleted, and how many at most.
pub(in crate::postgres) fn forget_before(at: Timestamp, new: usize) -> (PgTimestamp, i64) {
    let PgTimestamp(micros) = timestamptz(at);
    let new = i64::try_from(new).unwrap_or(i64::MAX);
    (PgTimestamp(micros - Idempotency::KEPT_MICROS), new.saturating_mul(FORGOTTEN_AT_ONCE))
}

/// Carries out `create` in a transaction, at most once for each key.
pub(in crate::postgres) async fn once_per_key(
    connection: &mut AsyncPgConnection,
    key: &Idempotency,
    at: Timestamp,
    create: impl AsyncFnOnce(&mut AsyncPgConnection) -> Result<Job, Failure<CreateJobError>>,
) -> Result<Applied<Job>, Failure<CreateJobError>> {
    let create_once = async |connection: &mut AsyncPgConnection| {
        if !claim(connection, key, at).await? {
            return replay(connection, key).await.map(Applied::earlier);
        }
        let job = create(connection).await?;
        store(connection, key, &StoredOutcome::from(&job).to_text(), at).await?;
        Ok(Applied::now(job))
    };
    transaction(connection, create_once).await
}

/// Claims the key, if it is free. The outcome follows in the same transaction.
async fn claim(connection: &mut AsyncPgConnection, key: &Idempotency, at: Timestamp) -> QueryResult<bool> {
    let claimed = insert_into(dsl::idempotency_keys)
        .values((
            dsl::token_id.eq(key.token.as_uuid()),
            dsl::key.eq(key.key.as_str()),
            dsl::fingerprint.eq(key.fingerprint.0.as_slice()),
            dsl::outcome.eq(""),
            dsl::created_at.eq(timestamptz(at)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(claimed == 1)
}

statements! {
    /// Stores the outcome under a claimed key, and deletes old ones.
    /// Skips old keys that another transaction has locked.
    Store: () = "
        WITH old AS (
            SELECT token_id, key FROM idempotency_keys
            WHERE created_at < ? ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            DELETE FROM idempotency_keys USING old
            WHERE idempotency_keys.token_id = old.token_id AND idempotency_keys.key = old.key
        )
        UPDATE idempotency_keys SET outcome = ? WHERE token_id = ? AND key = ?";
}

async fn store(connection: &mut AsyncPgConnection, key: &Idempotency, outcome: &str, at: Timestamp) -> QueryResult<()> {
    let (before, most) = forget_before(at, 1);
    Sql::<Store>::constant()
        .bind::<Timestamptz, PgTimestamp>(before)
        .bind::<BigInt, _>(most)
        .bind::<Text, _>(outcome)
        .bind::<SqlUuid, _>(key.token.as_uuid())
        .bind::<Text, _>(key.key.as_str())
        .execute(connection)
        .await
        .map(|_| ())
}

/// The outcome that is stored under a taken key. An outcome that is no job belongs to another request.
async fn replay(connection: &mut AsyncPgConnection, key: &Idempotency) -> Result<Job, Failure<CreateJobError>> {
    let stored: Option<(Vec<u8>, String)> = dsl::idempotency_keys
        .find((key.token.as_uuid(), key.key.as_str()))
        .select((dsl::fingerprint, dsl::outcome))
        .first(connection)
        .await
        .optional()?;
    // It may have been deleted since the claim.
    let (fingerprint, outcome) = stored.ok_or(Failure::Overtaken)?;
    if fingerprint != key.fingerprint.0 {
        return Err(Failure::Refused(CreateJobError::KeyReused));
    }
    match Outcome::read(BACKEND, key, &outcome)? {
        Outcome::Job(job) => Ok(job),
        Outcome::TimeEntry(_) | Outcome::Batch(_) => Err(Failure::Refused(CreateJobError::KeyReused)),
    }
}
