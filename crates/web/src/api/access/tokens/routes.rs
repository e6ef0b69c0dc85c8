//! The routes to tokens for the API, and what the document says of them.

use actix_web::http::Method;
use serde_json::{Value, json};

use super::{TOKENS, TokenBody, TokenInput, create, list, revoke};
use crate::endpoint::Endpoint;
use crate::openapi::Described;
use crate::problem::Code;

const TAG: &str = "Tokens";

fn example() -> Value {
    json!({
        "id": "01890a5d-ac96-774b-bcce-b302099a8057",
        "name": "laptop",
        "subject": "ada",
        "person": "01890a5e-0b2c-7d3e-9f40-5a6b7c8d9e0f",
        "scopes": ["own"],
        "made_by": null,
        "created_at": "2026-01-02T09:00:00.000000Z",
        "expires_at": "2027-01-01T00:00:00.000000Z",
        "revoked_at": null,
    })
}

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const TOKEN: &str = "/api/v1/tokens/{id}";
    vec![
        Endpoint::new(Method::GET, TOKENS, list, || {
            let about = "Your own, and all for an admin; oldest first, revoked and expired ones included.";
            Described::new(TAG, "list_tokens", "List tokens", about)
                .needs_anybody()
                .pages::<TokenBody<'_>>(&example())
                .may(&[Code::Forbidden])
        }),
        Endpoint::new(Method::POST, TOKENS, create, || {
            let about = "It acts for your own subject, with some of your own scopes. Only this answer has its secret. A \
                         program needs the scope `admin` for this.";
            let mut made = example();
            made["secret"] = format!("stint_{}", "x".repeat(43)).into();
            Described::new(TAG, "create_token", "Make a token", about)
                .needs_anybody()
                .takes::<TokenInput>()
                .answers::<TokenBody<'_>>(201, "The token.", made)
                .may(&[Code::Forbidden, Code::HandleTaken, Code::MalformedHeader])
        }),
        Endpoint::new(Method::DELETE, TOKEN, revoke, || {
            let about = "Your own, or any for an admin. Within five seconds no request is answered with it, nor with a \
                         token that it made.";
            Described::new(TAG, "revoke_token", "Revoke a token", about)
                .needs_anybody()
                .empty(204, "Done.")
                .may(&[Code::Forbidden])
        }),
    ]
}
