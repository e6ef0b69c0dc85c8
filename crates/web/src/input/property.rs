//! What the OpenAPI document says of an object and its fields.

use serde_json::Value;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, Type};

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

/// A field that must be there.
pub(crate) fn required<T: Form>(
    object: ObjectBuilder,
    name: &str,
    about: &[&str],
    schemas: &mut Schemas,
) -> ObjectBuilder {
    optional::<T>(object, name, about, schemas).required(name)
}

// In the document, these kinds do not differ.
pub(crate) use {default as lenient, required as tried};

/// A field with a default.
pub(crate) fn default<T: Form + Assumed>(
    object: ObjectBuilder,
    name: &str,
    about: &[&str],
    schemas: &mut Schemas,
) -> ObjectBuilder {
    object.property(name, meaning(T::schema(schemas), lines(about), T::assumed()))
}

/// A field that may be absent.
pub(crate) fn optional<T: Form>(
    object: ObjectBuilder,
    name: &str,
    about: &[&str],
    schemas: &mut Schemas,
) -> ObjectBuilder {
    object.property(name, meaning(T::schema(schemas), lines(about), None))
}

fn lines(about: &[&str]) -> String {
    about.iter().map(|line| line.trim()).collect::<Vec<_>>().join("\n")
}
