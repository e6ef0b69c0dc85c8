//! The routes to health, and what the document says of them.

use actix_web::http::Method;
use serde_json::json;

use super::{Health, alive, ready};
use crate::endpoint::Endpoint;
use crate::openapi::Described;
use crate::problem::Code;

const TAG: &str = "Health";

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/healthz", alive, || {
            Described::new(TAG, "alive", "Whether the process is alive", "Says nothing of the database.")
                .answers::<Health>(200, "It is.", json!({ "status": "ok" }))
        }),
        Endpoint::new(Method::GET, "/readyz", ready, || {
            let about = "Whether the database answers, has the schema that this program needs, and takes a write.";
            Described::new(TAG, "ready", "Whether requests can be served", about)
                .answers::<Health>(200, "They can.", json!({ "status": "ok" }))
                .may(&[Code::Unavailable])
        }),
    ]
}
