//! Writes that are sent twice and happen once: their outcomes are stored beside what they wrote.
//!
//! Each write that stores a new outcome deletes a few old ones, so no task is needed for it, and no write waits long
//! for it.

use diesel::prelude::*;
use stint_domain::ledger::ports::job::CreateJobError;
use stint_domain::ledger::{Applied, Fingerprint, Idempotency, IdempotencyKey, Job};
use stint_domain::values::{Timestamp, TokenId};

use crate::ledger::Outcome;
use crate::ledger::stored_outcome::StoredOutcome;
use crate::sqlite::error::{BACKEND, classify};
use crate::sqlite::schema::idempotency_keys;

/// How many old outcomes a new one deletes: more than one, so that they cannot accumulate.
const REMOVED_AT_ONCE: i64 = 4;

/// Runs `create`, or returns its stored outcome if it was run before with the same key. Refuses a key that was used
/// for another request, or for something else than a job. Runs in the transaction of the write, so racing repeats
/// come one after the other, and a failure leaves no key behind.
pub(in crate::sqlite) fn once(
    connection: &mut SqliteConnection,
    idempotency: Option<Idempotency>,
    at: Timestamp,
    create: impl FnOnce(&mut SqliteConnection) -> Result<Job, CreateJobError>,
) -> Result<Applied<Job>, CreateJobError> {
    let Some(idempotency) = idempotency else {
        return create(connection).map(Applied::now);
    };
    match find(connection, &idempotency).map_err(classify)? {
        Some((fingerprint, _)) if fingerprint != idempotency.fingerprint.0 => Err(CreateJobError::KeyReused),
        Some((_, text)) => match Outcome::read(BACKEND, &idempotency, &text)? {
            Outcome::Job(job) => Ok(Applied::earlier(job)),
            Outcome::TimeEntry(_) | Outcome::Batch(_) => Err(CreateJobError::KeyReused),
        },
        None => {
            let job = create(connection)?;
            let Idempotency { token, key, fingerprint } = &idempotency;
            store(connection, (*token, key), *fingerprint, &StoredOutcome::from(&job).to_text(), at)
                .map_err(classify)?;
            Ok(Applied::now(job))
        }
    }
}

/// The fingerprint and the outcome that are stored under a key.
pub(in crate::sqlite) fn find(
    connection: &mut SqliteConnection,
    idempotency: &Idempotency,
) -> QueryResult<Option<(Vec<u8>, String)>> {
    let Idempotency { token, key, .. } = idempotency;
    idempotency_keys::table
        .find((token.as_uuid().into_bytes(), key.as_str()))
        .select((idempotency_keys::fingerprint, idempotency_keys::outcome))
        .first(connection)
        .optional()
}

/// Stores an outcome under a new key, and deletes old ones.
pub(in crate::sqlite) fn store(
    connection: &mut SqliteConnection,
    (token, key): (TokenId, &IdempotencyKey),
    fingerprint: Fingerprint,
    outcome: &str,
    at: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(idempotency_keys::table)
        .values((
            idempotency_keys::token_id.eq(token.as_uuid().into_bytes()),
            idempotency_keys::key.eq(key.as_str()),
            idempotency_keys::fingerprint.eq(fingerprint.0),
            idempotency_keys::outcome.eq(outcome),
            idempotency_keys::created_at.eq(at.as_micros()),
        ))
        .execute(connection)?;
    remove_old(connection, at)
}

fn remove_old(connection: &mut SqliteConnection, at: Timestamp) -> QueryResult<()> {
    let old: Vec<(Vec<u8>, String)> = idempotency_keys::table
        .filter(idempotency_keys::created_at.lt(at.as_micros() - Idempotency::KEPT_MICROS))
        .order(idempotency_keys::created_at)
        .limit(REMOVED_AT_ONCE)
        .select((idempotency_keys::token_id, idempotency_keys::key))
        .load(connection)?;
    for key in old {
        diesel::delete(idempotency_keys::table.find(key)).execute(connection)?;
    }
    Ok(())
}
