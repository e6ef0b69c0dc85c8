//! One's own sessions: `/api/v1/me/sessions` and `/api/v1/me/sessions/{id}`.

pub(in crate::api) mod routes;

use serde::Serialize;
use stint_domain::access::Token;
use stint_domain::values::{Timestamp, TokenId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Wanted, shown, shown_or_null};
use crate::auth::Anybody;
use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::query::Query;

pub(in crate::api) const SESSIONS: &str = "/api/v1/me/sessions";

/// One sign-in in one browser.
#[derive(Serialize, ToSchema)]
#[schema(as = SignedInSession)]
pub(crate) struct SignedInBody {
    /// Its id, which is not secret.
    id: Uuid,
    /// Whether this request was sent with it.
    current: bool,
    /// When it began, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// When it was used last, give or take an hour; null until then.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    last_used_at: Option<Timestamp>,
    /// When it ends, unless it is used before.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    expires_at: Option<Timestamp>,
    /// When it was ended; null if it was not.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    revoked_at: Option<Timestamp>,
}

/// A session, as the one who asks sees it.
struct Shown {
    token: Token,
    current: bool,
}

impl Presented for Shown {
    type Body<'a> = SignedInBody;

    fn body(&self, _base: &BasePath) -> SignedInBody {
        let Token { id, created_at, last_used_at, expires_at, revoked_at, .. } = &self.token;
        SignedInBody {
            id: id.as_uuid(),
            current: self.current,
            created_at: *created_at,
            last_used_at: *last_used_at,
            expires_at: *expires_at,
            revoked_at: *revoked_at,
        }
    }
}

async fn list(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    let mut query = Query::of(&call.request, &["limit", "cursor"]);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "sessions?")?;
    let page = call.api.people.account.sessions(&principal, (size, after)).await?;
    let current = |token: &Token| token.id == principal.token;
    let page = page.map(|token| Shown { current: current(&token), token });
    answer::page(&call, &query, &filters, &page)
}

async fn end(call: Call) -> Answer {
    let (principal, id): (_, TokenId) = call.on(Anybody).await?;
    call.api.people.account.end_session(&principal, id).await?;
    Ok(answer::deleted())
}
