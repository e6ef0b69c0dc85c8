//! Writes that happen once per key.
//!
//! The key is claimed before anything else in the transaction of the write. A repeat that races waits at that claim
//! until the first one is done: then it finds the outcome, or, if the first was refused, the key is free again.
//!
//! Old outcomes are deleted a few at a time, by the statement that stores a new one: no task has to run for it, and no
//! write has to wait for much of it.

use diesel::data_types::PgTimestamp;
use diesel::dsl::insert_into;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Text, Timestamptz, Uuid as SqlUuid};
use stint_domain::ports::BackendError;
use stint_domain::values::Timestamp;
use stint_domain::{Applied, Idempotency};

use super::BACKEND;
use super::attempt::{Failure, transaction};
use super::rows::timestamptz;
use super::schema::idempotency_keys::dsl;
use super::sql::{Constant, Sql};
use crate::stored_outcome::StoredOutcome;

/// How long an outcome is kept: twice what is promised, so that clocks may differ.
const KEPT_MICROS: i64 = 48 * 3600 * 1_000_000;

/// An error that has a word for a key that was used for something else.
pub(super) trait KeyReused {
    const KEY_REUSED: Self;
}

/// Carries out `write` in a transaction, at most once if there is a key.
pub(super) fn once_per_key<T: StoredOutcome, R: KeyReused + From<BackendError>>(
    connection: &mut PgConnection,
    key: Option<&Idempotency>,
    at: Timestamp,
    write: impl FnOnce(&mut PgConnection) -> Result<T, Failure<R>>,
) -> Result<Applied<T>, Failure<R>> {
    transaction(connection, |connection| {
        let Some(key) = key else {
            return write(connection).map(Applied::now);
        };
        if !claim(connection, key, at)? {
            return replay(connection, key).map(Applied::earlier);
        }
        let outcome = write(connection)?;
        store(connection, key, &outcome.to_text(), at)?;
        Ok(Applied::now(outcome))
    })
}

/// Takes the key, unless it was taken before. The outcome follows in the same transaction.
fn claim(connection: &mut PgConnection, key: &Idempotency, at: Timestamp) -> QueryResult<bool> {
    let claimed = insert_into(dsl::idempotency_keys)
        .values((
            dsl::token_id.eq(key.token.as_uuid()),
            dsl::key.eq(key.key.as_str()),
            dsl::fingerprint.eq(key.fingerprint.0.as_slice()),
            dsl::outcome.eq(""),
            dsl::created_at.eq(timestamptz(at)),
        ))
        .on_conflict_do_nothing()
        .execute(connection)?;
    Ok(claimed == 1)
}

/// Stores the outcome under a key that was claimed, and forgets old ones.
struct Store;

impl Constant for Store {
    type Columns = ();
    // Who finds an old key locked leaves it to the other one.
    const SQL: &'static str = "
        WITH old AS (
            SELECT token_id, key FROM idempotency_keys
            WHERE created_at < ? ORDER BY created_at LIMIT 4 FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            DELETE FROM idempotency_keys USING old
            WHERE idempotency_keys.token_id = old.token_id AND idempotency_keys.key = old.key
        )
        UPDATE idempotency_keys SET outcome = ? WHERE token_id = ? AND key = ?";
}

fn store(connection: &mut PgConnection, key: &Idempotency, outcome: &str, at: Timestamp) -> QueryResult<()> {
    let PgTimestamp(micros) = timestamptz(at);
    Sql::<Store>::constant()
        .bind::<Timestamptz, _>(PgTimestamp(micros - KEPT_MICROS))
        .bind::<Text, _>(outcome)
        .bind::<SqlUuid, _>(key.token.as_uuid())
        .bind::<Text, _>(key.key.as_str())
        .execute(connection)
        .map(|_| ())
}

fn replay<T: StoredOutcome, R: KeyReused + From<BackendError>>(
    connection: &mut PgConnection,
    key: &Idempotency,
) -> Result<T, Failure<R>> {
    let stored: Option<(Vec<u8>, String)> = dsl::idempotency_keys
        .find((key.token.as_uuid(), key.key.as_str()))
        .select((dsl::fingerprint, dsl::outcome))
        .first(connection)
        .optional()?;
    // It may have been pruned since the claim.
    let (fingerprint, outcome) = stored.ok_or(Failure::Overtaken)?;
    if fingerprint != key.fingerprint.0 {
        return Err(Failure::Refused(R::KEY_REUSED));
    }
    T::read(BACKEND, key, &outcome).map_err(Failure::refused)
}
