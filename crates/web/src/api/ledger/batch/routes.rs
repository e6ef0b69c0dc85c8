//! The route to batches, and what the document says of it.

use actix_web::http::Method;
use serde_json::json;
use stint_domain::access::Scope;
use stint_domain::ledger::MinutesError;

use super::{BatchInput, Results, record};
use crate::api::ledger::time_entries::TimeEntryBody;
use crate::api::ledger::time_entries::routes::TAG;
use crate::endpoint::Endpoint;
use crate::openapi::{Described, Documented as _};
use crate::problem::Code;

pub(in crate::api) fn all() -> Vec<Endpoint> {
    vec![Endpoint::new(Method::POST, "/api/v1/time-entries/batch", record, || {
        let about = "Up to 1,000 entries in one transaction, with one result per item, in order. `atomic`: all are \
                     stored, or none; then the answer is one problem whose pointers name the items. `per_item`: every \
                     valid item is stored.";
        let error = format!("{MinutesError}, got 0");
        let refused = json!({
            "status": 422,
            "problem": {
                "type": Code::ValidationFailed.type_uri(),
                "title": Code::ValidationFailed.spec().title,
                "status": 422,
                "code": "validation-failed",
                "detail": format!("/items/1/minutes_worked: {error}"),
                "errors": [{ "pointer": "/items/1/minutes_worked", "detail": error }],
            },
        });
        let stored = json!({ "status": 201, "time_entry": TimeEntryBody::example() });
        Described::new(TAG, "record_batch", "Log many time entries", about)
            .needs(Scope::Write)
            .or_own()
            .takes::<BatchInput<'_>>()
            .answers::<Results<'_>>(201, "An atomic batch was stored.", json!({ "results": [stored] }))
            .answers::<Results<'_>>(207, "The result of each item.", json!({ "results": [stored, refused] }))
            .idempotent()
            .may(&[Code::UnknownJob, Code::UnknownPerson, Code::JobArchived])
    })]
}
