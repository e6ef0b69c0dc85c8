//! What the OpenAPI document says of an object and its fields.

use serde_json::Value;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema, Type};

use crate::openapi::{Form, Schemas, meaning};

/// A value that has a default.
pub(crate) trait Assumed: Default {
    /// The default in JSON; `None` if it is nothing.
    fn assumed() -> Option<Value>;
}

/// An object that takes only the fields added to it. `about` has the lines of its doc comment.
pub(crate) fn object(about: &[&str]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(lines(about)))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

/// The schema of a field, with its meaning and its default.
pub(crate) fn field<T: Form>(about: &[&str], default: Option<Value>, schemas: &mut Schemas) -> RefOr<Schema> {
    meaning(T::schema(schemas), lines(about), default)
}

fn lines(about: &[&str]) -> String {
    about.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")
}
