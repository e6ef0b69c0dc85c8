//! What the document says of health.

use serde_json::json;

use super::Health;
use crate::openapi::Described;
use crate::problem::Code;

const TAG: &str = "Health";

pub(crate) fn alive() -> Described {
    Described::new(TAG, "alive", "Whether the process is alive", "Says nothing of the database.").answers::<Health>(
        200,
        "It is.",
        json!({ "status": "ok" }),
    )
}

pub(crate) fn ready() -> Described {
    let about = "Whether the database answers, has the schema that this program needs, and takes a write.";
    Described::new(TAG, "ready", "Whether requests can be served", about)
        .answers::<Health>(200, "They can.", json!({ "status": "ok" }))
        .may(&[Code::Unavailable])
}
