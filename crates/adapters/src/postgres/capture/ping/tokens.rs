//! Locks tokens before everything else. So of two calls with pings of one token, the second sees what the first did,
//! whatever the jobs.
//!
//! A transaction that takes several kinds of locks takes them in this order: the name space of handles and subjects, people,
//! tokens, the names of new projects, jobs; each kind in an order of its own. A writer of entries locks jobs only. A writer
//! of a timer locks its person first. A writer of a token locks that token, and for a revocation also the tokens that it made, in the order of their ids. A writer of a
//! person locks that person, and then tokens of theirs.

use std::collections::BTreeMap;

use diesel::data_types::PgTimestamp;
use diesel::sql_types::{Array, Nullable, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use stint_domain::BackendError;
use stint_domain::capture::Ping;
use stint_domain::values::{Timestamp, TokenId};
use uuid::Uuid;

use crate::capture::counting::last_use;
use crate::postgres::attempt::Failure;
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::Sql;
use crate::sql::statements;

/// The last use is stored to the minute, so most groups change nothing.
const MINUTE: i64 = 60_000_000;

statements! {
    /// Locks these tokens.
    Lock: (SqlUuid, Nullable<Timestamptz>) = "SELECT id, last_used_at FROM tokens WHERE id = ANY (?) ORDER BY id FOR NO KEY UPDATE";
    /// Stores when locked tokens were last used.
    Use: () = "
        UPDATE tokens SET last_used_at = used.at FROM unnest(?, ?) AS used (token, at) WHERE tokens.id = used.token";
}

/// Locks the pings' tokens, and returns the last uses to be stored.
pub(super) async fn lock(
    connection: &mut AsyncPgConnection,
    pings: &[Ping],
) -> Result<BTreeMap<TokenId, Timestamp>, Failure<BackendError>> {
    let mut last = last_use(pings);
    for (id, noted) in locked(connection, last.keys().copied()).await? {
        let id = TokenId::new(id);
        if let (Some(at), Some(PgTimestamp(noted))) = (last.get(&id), noted)
            && timestamptz(*at).0 - noted < MINUTE
        {
            last.remove(&id);
        }
    }
    Ok(last)
}

/// Locks one token.
pub(super) async fn lock_one(connection: &mut AsyncPgConnection, token: TokenId) -> Result<(), Failure<BackendError>> {
    locked(connection, [token].into_iter()).await.map(|_| ())
}

async fn locked(
    connection: &mut AsyncPgConnection,
    tokens: impl Iterator<Item = TokenId>,
) -> Result<Vec<(Uuid, Option<PgTimestamp>)>, Failure<BackendError>> {
    let ids: Vec<_> = tokens.map(TokenId::as_uuid).collect();
    Ok(Sql::<Lock>::constant().bind::<Array<SqlUuid>, _>(ids).load(connection).await?)
}

/// Stores when tokens were last used.
pub(super) async fn used(
    connection: &mut AsyncPgConnection,
    last: &BTreeMap<TokenId, Timestamp>,
) -> Result<(), Failure<BackendError>> {
    if last.is_empty() {
        return Ok(());
    }
    Sql::<Use>::constant()
        .bind::<Array<SqlUuid>, _>(last.keys().map(|token| token.as_uuid()).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(last.values().map(|at| timestamptz(*at)).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
