//! What SQL backends share for tokens: the texts of listings, and how a token's kind is stored.
//!
//! A token for the API or for pings is stored without its kind, as releases before kinds store it: it is for pings if
//! it captures.

use stint_domain::BackendError;
use stint_domain::access::TokenKind;
use stint_domain::access::ports::token::{ListCapturing, ListTokens, TokenCursor};

use crate::sql::{Dialect, Sql, Value, Varying};
use crate::stored_row::StoredRow;

/// The kind as a column.
pub(crate) fn stored_kind(kind: TokenKind) -> Option<&'static str> {
    match kind {
        TokenKind::Api | TokenKind::Capture => None,
        TokenKind::Session | TokenKind::Invitation => Some(kind.as_str()),
    }
}

/// The kind of a token that captures or does not, as it is stored.
pub(crate) fn read_kind(
    stored: Option<String>,
    captures: bool,
    row: impl Fn() -> StoredRow,
) -> Result<TokenKind, BackendError> {
    let Some(word) = stored else { return Ok(if captures { TokenKind::Capture } else { TokenKind::Api }) };
    let kind: TokenKind = word.parse().map_err(|error| row().corrupt("kind", &word, error))?;
    if (kind == TokenKind::Capture) == captures {
        Ok(kind)
    } else {
        Err(row().corrupt("kind", &word, "is not the kind of a token with this capture target"))
    }
}

/// A page of all tokens, oldest first.
pub(crate) fn all<'a, C, D: Dialect>(query: &ListTokens) -> Sql<'a, Varying<C>, D> {
    // Written as in the conditions of the indexes.
    let of_kind = match query.kind {
        None => listing(),
        Some(TokenKind::Api) => listing().text(" AND kind IS NULL AND capture_target IS NULL"),
        Some(TokenKind::Capture) => listing().text(" AND capture_target IS NOT NULL"),
        Some(kind @ (TokenKind::Session | TokenKind::Invitation)) => {
            listing().with(" AND kind = ?", [Value::Text(kind.as_str())])
        }
    };
    of_kind
        .when(" AND person_id = ?", query.person.map(|person| [Value::Id(person.as_uuid())]))
        .when(" AND (created_at, id) > (?, ?)", query.after.map(place))
        .page(" ORDER BY created_at, id LIMIT ?", query.size)
}

/// A page of capture tokens, latest first.
pub(crate) fn capturing<C, D: Dialect>(query: &ListCapturing) -> Sql<'_, Varying<C>, D> {
    listing()
        .text(" AND capture_target IS NOT NULL")
        .when(" AND capture_job = ?", query.related_job.map(|job| [Value::Id(job.as_uuid())]))
        .when(" AND subject = ?", query.subject.as_ref().map(|subject| [Value::Text(subject.as_str())]))
        .when(" AND (created_at, id) < (?, ?)", query.after.map(place))
        .page(" ORDER BY created_at DESC, id DESC LIMIT ?", query.size)
}

fn listing<'a, C, D: Dialect>() -> Sql<'a, Varying<C>, D> {
    Sql::varying(
        "SELECT id, name, subject, scopes, secret_hash, created_at, expires_at, revoked_at, capture_target,
            capture_job, capture_zone, capture_gap, last_used_at, made_by, kind, person_id
        FROM tokens WHERE true",
    )
}

fn place<'a>(cursor: TokenCursor) -> [Value<'a>; 2] {
    [Value::Moment(cursor.created_at), Value::Id(cursor.id.as_uuid())]
}
