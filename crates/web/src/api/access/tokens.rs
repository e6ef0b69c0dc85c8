//! Tokens for the API: `/api/v1/tokens` and `/api/v1/tokens/{id}`. Capture tokens are found elsewhere.
//!
//! The secret of a token is only in the answer that creates it.

pub(in crate::api) mod routes;

use actix_web::http::StatusCode;
use serde::Serialize;
use stint_domain::access::{Scope, Scopes, Token, TokenSecret};
use stint_domain::people::services::MyTokenDraft;
use stint_domain::values::{PersonId, Subject, Timestamp, TokenId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::answer;
use crate::api::answer::{Presented, Wanted, shown, shown_or_null};
use crate::auth::Anybody;
use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::idempotency;
use crate::input::input;
use crate::media::Media;
use crate::query::Query;

pub(in crate::api) const TOKENS: &str = "/api/v1/tokens";

/// Why creating one takes no idempotency key.
const NO_REPLAY: &str = "the first answer cannot be given again";

/// A token for the API.
#[derive(Serialize, ToSchema)]
#[schema(as = Token)]
pub(crate) struct TokenBody<'a> {
    /// Its id, which is not secret.
    id: Uuid,
    /// What people call it.
    #[schema(min_length = 1, max_length = 120)]
    name: &'a str,
    /// For whom it acts.
    #[schema(min_length = 1, max_length = 120)]
    subject: &'a str,
    /// The person whose it is; null for a program's.
    #[schema(required)]
    person: Option<Uuid>,
    /// What it allows, at most: the person's role may allow less.
    scopes: Vec<&'static str>,
    /// The id of the token that made it; revoking that one revokes this one. Null when an operator made it, or a person in a
    /// session.
    #[schema(required)]
    made_by: Option<Uuid>,
    /// When it was created, in UTC with microseconds.
    #[serde(serialize_with = "shown")]
    #[schema(value_type = chrono::DateTime<chrono::Utc>)]
    created_at: Timestamp,
    /// From when on it is refused; null means never.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    expires_at: Option<Timestamp>,
    /// When it was revoked; null if it was not.
    #[serde(serialize_with = "shown_or_null")]
    #[schema(value_type = Option<chrono::DateTime<chrono::Utc>>, required)]
    revoked_at: Option<Timestamp>,
    /// The secret to send: only in the answer that creates the token.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    secret: Option<&'a str>,
}

input! {
    /// A new token that acts for its maker's subject.
    pub(crate) struct TokenInput {
        /// What people call it: trimmed and in NFC, one of its characters visible, no control characters.
        required name: Subject, example "laptop";
        /// What it allows; nothing beyond what its maker may do.
        required scopes: Scopes, example ["own"];
        /// From when on it is refused; never, unless given.
        default expires_at: Option<Timestamp>, example "2027-01-01T00:00:00Z";
    }
}

/// A token as it is listed.
struct Shown(Token);

fn body(token: &Token) -> TokenBody<'_> {
    TokenBody {
        id: token.id.as_uuid(),
        name: token.name.as_str(),
        subject: token.subject.as_str(),
        person: token.person.map(PersonId::as_uuid),
        scopes: token.scopes.iter().map(Scope::as_str).collect(),
        made_by: token.made_by.map(TokenId::as_uuid),
        created_at: token.created_at,
        expires_at: token.expires_at,
        revoked_at: token.revoked_at,
        secret: None,
    }
}

impl Presented for Shown {
    type Body<'a> = TokenBody<'a>;

    fn body<'a>(&'a self, _base: &'a BasePath) -> TokenBody<'a> {
        body(&self.0)
    }
}

async fn list(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    let mut query = Query::of(&call.request, &["limit", "cursor"]);
    let Wanted { size, after, filters } = Wanted::of(&mut query, "tokens?")?;
    let page = call.api.people.account.tokens(&principal, (size, after)).await?.map(Shown);
    answer::page(&call, &query, &filters, &page)
}

async fn create(call: Call) -> Answer {
    let principal = call.principal(Anybody).await?;
    Query::none(&call.request)?;
    idempotency::none(&call.request, NO_REPLAY)?;
    let TokenInput { name, scopes, expires_at } = call.input(Media::Json).await?;
    let draft = MyTokenDraft { name, scopes, expires_at };
    let (token, secret): (Token, TokenSecret) = call.api.people.account.create_token(&principal, draft).await?;
    let body = TokenBody { secret: Some(secret.expose()), ..body(&token) };
    answer::json(StatusCode::CREATED, &body)
}

async fn revoke(call: Call) -> Answer {
    let (principal, id) = call.on(Anybody).await?;
    call.api.people.account.revoke_token(&principal, id).await?;
    Ok(answer::deleted())
}
