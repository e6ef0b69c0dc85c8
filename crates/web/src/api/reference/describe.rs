//! What the document says of itself and of its page.

use utoipa::openapi::{ObjectBuilder, Type};

use crate::openapi::{Described, text};

const TAG: &str = "Reference";

pub(crate) fn openapi() -> Described {
    let object = ObjectBuilder::new().schema_type(Type::Object);
    Described::new(TAG, "openapi", "The reference for programs", "An OpenAPI 3.1 document.").answers_as(
        200,
        "The document.",
        "application/json",
        object,
        None,
    )
}

pub(crate) fn docs() -> Described {
    Described::new(TAG, "docs", "The reference for people", "One page that needs no other host and no scripts.")
        .answers_as(200, "The page.", "text/html; charset=utf-8", text(), None)
}
