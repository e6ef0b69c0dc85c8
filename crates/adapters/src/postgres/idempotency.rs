//! Writes that happen once per key.
//!
//! The key is claimed before anything else in the transaction of the write. A repeat that races waits at that claim
//! until the first one is done: then it finds the outcome, or, if the first was refused, the key is free again.

use diesel::dsl::insert_into;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use stint_domain::ports::BackendError;
use stint_domain::values::Timestamp;
use stint_domain::{Applied, Idempotency};

use super::BACKEND;
use super::attempt::{Failure, transaction};
use super::rows::timestamptz;
use super::schema::idempotency_keys::dsl;
use crate::stored_outcome::StoredOutcome;

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
        diesel::update(dsl::idempotency_keys.find((key.token.as_uuid(), key.key.as_str())))
            .set(dsl::outcome.eq(outcome.to_text()))
            .execute(connection)?;
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
