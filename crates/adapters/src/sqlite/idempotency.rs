//! Writes that may be sent twice and happen once: their outcomes lie beside what they wrote.
//!
//! Old ones are deleted a few at a time, by the writes that store new ones: no task has to run for it, and no write has
//! to wait for much of it.

use diesel::prelude::*;
use stint_domain::ports::BackendError;
use stint_domain::values::Timestamp;
use stint_domain::{Applied, Idempotency};

use super::error::{BACKEND, classify};
use super::schema::idempotency_keys;
use crate::stored_outcome::StoredOutcome;

/// How long an outcome is kept: twice what is promised, so that clocks may differ.
const KEPT_MICROS: i64 = 48 * 3600 * 1_000_000;
/// How many old outcomes one new one removes: more than one, so that they cannot pile up.
const REMOVED_AT_ONCE: i64 = 4;

/// Runs `work`, or answers with what it did when it was run before with the same key; `reused` is the refusal of a key
/// that was used for another request. Runs in the transaction of the write, so repeats that race come one after the
/// other, and what fails leaves no key behind.
pub(super) fn once<T, E>(
    connection: &mut SqliteConnection,
    idempotency: Option<Idempotency>,
    at: Timestamp,
    reused: E,
    work: impl FnOnce(&mut SqliteConnection) -> Result<T, E>,
) -> Result<Applied<T>, E>
where
    T: StoredOutcome,
    E: From<BackendError>,
{
    let Some(idempotency) = idempotency else {
        return work(connection).map(Applied::now);
    };
    match find(connection, &idempotency).map_err(classify)? {
        Some((fingerprint, _)) if fingerprint != idempotency.fingerprint.0 => Err(reused),
        Some((_, text)) => Ok(Applied::earlier(T::read(BACKEND, &idempotency, &text)?)),
        None => {
            let outcome = work(connection)?;
            store(connection, &idempotency, &outcome.to_text(), at).map_err(classify)?;
            remove_old(connection, at).map_err(classify)?;
            Ok(Applied::now(outcome))
        }
    }
}

fn find(connection: &mut SqliteConnection, idempotency: &Idempotency) -> QueryResult<Option<(Vec<u8>, String)>> {
    let Idempotency { token, key, .. } = idempotency;
    idempotency_keys::table
        .find((token.as_uuid().into_bytes(), key.as_str()))
        .select((idempotency_keys::fingerprint, idempotency_keys::outcome))
        .first(connection)
        .optional()
}

fn store(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
    outcome: &str,
    at: Timestamp,
) -> QueryResult<()> {
    let Idempotency { token, key, fingerprint } = idempotency;
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::token_id.eq(token.as_uuid().into_bytes()),
            idempotency_keys::key.eq(key.as_str()),
            idempotency_keys::fingerprint.eq(fingerprint.0),
            idempotency_keys::outcome.eq(outcome),
            idempotency_keys::created_at.eq(at.as_micros()),
        ))
        .execute(connection)
        .map(drop)
}

fn remove_old(connection: &mut SqliteConnection, at: Timestamp) -> QueryResult<()> {
    let old: Vec<(Vec<u8>, String)> = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(at.as_micros() - KEPT_MICROS))
        .order(idempotency_keys::created_at)
        .limit(REMOVED_AT_ONCE)
        .select((idempotency_keys::token_id, idempotency_keys::key))
        .load(connection)?;
    for key in old {
        diesel::delete(idempotency_keys::table.find(key)).execute(connection)?;
    }
    Ok(())
}
