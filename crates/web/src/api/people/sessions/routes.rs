//! The routes to one's own sessions, and what the document says of them.

use actix_web::http::Method;
use serde_json::json;

use super::{SESSIONS, SignedInBody, end, list};
use crate::api::people::person::routes::TAG;
use crate::endpoint::Endpoint;
use crate::openapi::Described;
use crate::problem::Code;

pub(in crate::api) fn all() -> Vec<Endpoint> {
    const ONE: &str = "/api/v1/me/sessions/{id}";
    vec![
        Endpoint::new(Method::GET, SESSIONS, list, || {
            let example = json!({
                "id": "01890a5d-ac96-774b-bcce-b302099a8057",
                "current": true,
                "created_at": "2026-01-02T09:00:00.000000Z",
                "last_used_at": null,
                "expires_at": "2026-01-16T09:00:00.000000Z",
                "revoked_at": null,
            });
            Described::new(
                TAG,
                "list_sessions",
                "List your sessions",
                "Oldest first, with those that have ended lately.",
            )
            .needs_anybody()
            .pages::<SignedInBody>(&example)
            .may(&[Code::NotAPerson])
        }),
        Endpoint::new(Method::DELETE, ONE, end, || {
            let about = "Within five seconds no request is answered with it.";
            Described::new(TAG, "end_session", "End one of your sessions", about)
                .needs_anybody()
                .empty(204, "Done.")
                .may(&[Code::NotAPerson])
        }),
    ]
}
