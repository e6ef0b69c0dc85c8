//! The idempotency keys of a group: the outcomes stored under them before, and the new ones.
//!
//! They are inserted at the end of the transaction, all at once, in order. A transaction that inserts one of them at
//! the same time waits until the other one ends; then it is overtaken and reads the other's outcome.

use std::collections::HashMap;

use diesel::data_types::PgTimestamp;
use diesel::sql_types::{Array, BigInt, Bytea, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::ledger::{Fingerprint, Idempotency, IdempotencyKey};
use stint_domain::values::{Timestamp, TokenId};

use super::super::idempotency::forget_before;
use crate::ledger::Outcome;
use crate::ledger::group::NewOutcome;
use crate::ledger::stored_outcome::StoredOutcome;
use crate::postgres::attempt::Failure;
use crate::postgres::error::BACKEND;
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::Sql;
use crate::sql::statements;
use crate::stored_row::StoredRow;

type Outcomes = HashMap<(TokenId, IdempotencyKey), (Fingerprint, Outcome)>;

statements! {
    /// The outcomes stored under these keys, each with the index of its key.
    Read: (BigInt, Bytea, Text) = "
        SELECT wanted.place, found.fingerprint, found.outcome
        FROM unnest(?, ?) WITH ORDINALITY AS wanted (token_id, key, place)
        CROSS JOIN LATERAL (
            SELECT fingerprint, outcome FROM idempotency_keys AS stored
            WHERE stored.token_id = wanted.token_id AND stored.key = wanted.key
            OFFSET 0 -- keeps this a look-up by key, whatever the plan was made for
        ) AS found";
}

/// Deletes up to `?` keys that are older than `?`. Skips keys that another transaction has locked.
macro_rules! forgotten {
    () => {
        "old AS (
            SELECT ctid AS place FROM idempotency_keys
            WHERE created_at < ? ORDER BY created_at LIMIT ? FOR UPDATE SKIP LOCKED
        ), forgotten AS (
            -- By place: the plan cannot know how few there are, and might read the whole table for more.
            DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY (SELECT place FROM old))
        )"
    };
}
pub(super) use forgotten;

statements! {
    /// Stores outcomes under new keys, and returns how many.
    Store: () = concat!(
        "WITH ",
        forgotten!(),
        "INSERT INTO idempotency_keys (token_id, key, fingerprint, outcome, created_at)
        SELECT new.*, ? FROM unnest(?, ?, ?, ?) AS new
        ON CONFLICT DO NOTHING"
    );
}

/// Reads the outcomes stored under the keys.
pub(super) async fn read(
    connection: &mut AsyncPgConnection,
    keys: &[&Idempotency],
) -> Result<Outcomes, Failure<BackendError>> {
    let rows: Vec<(i64, Vec<u8>, String)> = Sql::<Read>::constant()
        .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(keys.iter().map(|key| key.key.as_str()).collect::<Vec<_>>())
        .load(connection)
        .await?;
    let mut outcomes = Outcomes::new();
    for (place, fingerprint, text) in rows {
        let key = usize::try_from(place - 1).ok().and_then(|place| keys.get(place)).ok_or(Failure::Overtaken)?;
        let fingerprint = <[u8; 32]>::try_from(fingerprint.as_slice()).map_err(|error| {
            let row = StoredRow { backend: BACKEND, table: "idempotency_keys", id: key.token.to_string() };
            Failure::Refused(row.corrupt("fingerprint", format_args!("{} bytes", fingerprint.len()), error))
        })?;
        let outcome = Outcome::read(BACKEND, key, &text)?;
        outcomes.insert((key.token, key.key.clone()), (Fingerprint(fingerprint), outcome));
    }
    Ok(outcomes)
}

/// Stores the outcomes of new keys.
pub(super) async fn store(
    connection: &mut AsyncPgConnection,
    outcomes: &[NewOutcome<'_>],
    at: Timestamp,
) -> Result<(), Failure<BackendError>> {
    let keys =
        outcomes.iter().map(|new| (new.token, new.key, new.fingerprint, StoredOutcome::from(new.outcome).to_text()));
    let stored = bind_keys(Sql::<Store>::constant(), at, keys).execute(connection).await?;
    if stored == outcomes.len() { Ok(()) } else { Err(Failure::Overtaken) }
}

/// Binds the parameters of [`forgotten!`], then the moment and the columns of the new keys.
pub(super) fn bind_keys<'a, N>(
    sql: Sql<'a, N>,
    at: Timestamp,
    keys: impl ExactSizeIterator<Item = (TokenId, &'a IdempotencyKey, Fingerprint, String)>,
) -> Sql<'a, N> {
    let (before, most) = forget_before(at, keys.len());
    let (mut tokens, mut names, mut fingerprints, mut outcomes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (token, key, fingerprint, outcome) in keys {
        tokens.push(token.as_uuid());
        names.push(key.as_str());
        fingerprints.push(fingerprint.0.to_vec());
        outcomes.push(outcome);
    }
    sql.bind::<Timestamptz, PgTimestamp>(before)
        .bind::<BigInt, _>(most)
        .bind::<Timestamptz, _>(timestamptz(at))
        .bind::<Array<SqlUuid>, _>(tokens)
        .bind::<Array<Text>, _>(names)
        .bind::<Array<Bytea>, _>(fingerprints)
        .bind::<Array<Text>, _>(outcomes)
}
