//! What the reference says of itself.

use utoipa::openapi::{ObjectBuilder, Schema, Type};

use crate::openapi::{Described, text};

const TAG: &str = "Reference";

pub(crate) fn openapi() -> Described {
    let schema = Schema::Object(ObjectBuilder::new().schema_type(Type::Object).build());
    Described::new(TAG, "openapi", "The reference for programs", "An OpenAPI 3.1 document.").answers_as(
        200,
        "The document.",
        &[],
        "application/json",
        schema,
        None,
    )
}

pub(crate) fn docs() -> Described {
    let schema = Schema::Object(text().build());
    Described::new(TAG, "docs", "The reference for people", "One page that needs no other host and no scripts.")
        .answers_as(200, "The page.", &[], "text/html; charset=utf-8", schema, None)
}
