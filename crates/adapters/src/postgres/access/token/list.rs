//! Pages of tokens.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz, Uuid as SqlUuid};
use stint_domain::access::Token;
use stint_domain::access::ports::token::{ListCapturing, ListTokens, TokenCursor};
use stint_domain::{BackendError, Page, PageSize};

use crate::postgres::access::rows::{TokenColumns, TokenRow};
use crate::postgres::attempt::Failure;
use crate::postgres::rows::timestamptz;
use crate::postgres::sql::{Sql, Varying};

type Listing<'a> = Sql<'a, Varying<TokenColumns>>;
type Found = Result<Page<Token, TokenCursor>, Failure<BackendError>>;

/// All tokens, oldest first.
pub(super) fn all(connection: &mut PgConnection, query: &ListTokens) -> Found {
    let mut sql = listing();
    if let Some(place) = query.after {
        sql = at(sql.text(" AND (created_at, id) > (?, ?)"), place);
    }
    page(connection, sql.text(" ORDER BY created_at, id LIMIT ?"), query.size)
}

/// Capture tokens, latest first.
pub(super) fn capturing(connection: &mut PgConnection, query: &ListCapturing) -> Found {
    let mut sql = listing().text(" AND capture_target IS NOT NULL");
    if let Some(job) = query.related_job {
        sql = sql.text(" AND capture_job = ?").bind::<SqlUuid, _>(job.as_uuid());
    }
    if let Some(place) = query.after {
        sql = at(sql.text(" AND (created_at, id) < (?, ?)"), place);
    }
    page(connection, sql.text(" ORDER BY created_at DESC, id DESC LIMIT ?"), query.size)
}

fn listing<'a>() -> Listing<'a> {
    Sql::varying(
        "SELECT id, name, subject, scopes, secret_hash, created_at, expires_at, revoked_at, capture_target,
            capture_job, capture_zone, capture_gap, last_used_at, made_by
        FROM tokens WHERE true",
    )
}

fn at(sql: Listing<'_>, place: TokenCursor) -> Listing<'_> {
    sql.bind::<Timestamptz, _>(timestamptz(place.created_at)).bind::<SqlUuid, _>(place.id.as_uuid())
}

fn page(connection: &mut PgConnection, sql: Listing<'_>, size: PageSize) -> Found {
    let rows: Vec<TokenRow> = sql.bind::<BigInt, _>(size.with_lookahead()).load(connection)?;
    let tokens = rows.into_iter().map(Token::try_from).collect::<Result<_, _>>().map_err(Failure::Refused)?;
    Ok(Page::of(tokens, size, |token| TokenCursor::from(token)))
}
