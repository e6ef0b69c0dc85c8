//! What the OpenAPI document says of an object and of each kind of field.

use serde_json::Value;
use utoipa::openapi::schema::AdditionalProperties;
use utoipa::openapi::{ObjectBuilder, Type};

use crate::openapi::{Form, Schemas, meaning};

/// A value that is something without being given.
pub(crate) trait Assumed: Default {
    /// What that is, in JSON; none when it is nothing.
    fn assumed() -> Option<Value>;
}

/// An object that takes no other members than those to come. Each line of `about` is that of a doc comment.
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

// The same to who sends them.
pub(crate) use {default as lenient, required as tried};

/// A field that is something without being given.
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
