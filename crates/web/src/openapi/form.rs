//! Schemas of request bodies: each value has its schema once, and each field says what it means.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::schema::{ArrayBuilder, OneOfBuilder, SchemaType};
use utoipa::openapi::{ObjectBuilder, Ref, RefOr, Schema, Type};

/// Schemas with their names, for the document's components.
pub(crate) type Schemas = Vec<(String, RefOr<Schema>)>;

/// A value that has one schema wherever it is sent.
pub(crate) trait Form {
    /// Its schema, or a reference to one that is added to `schemas`.
    fn schema(schemas: &mut Schemas) -> RefOr<Schema>;
}

/// A value with an example in the document.
pub(crate) trait Example: Form {
    /// An example that fits the schema.
    fn example() -> Value;
}

impl<T: Form> Form for Vec<T> {
    fn schema(schemas: &mut Schemas) -> RefOr<Schema> {
        ArrayBuilder::new().items(T::schema(schemas)).into()
    }
}

impl<T: Example> Example for Vec<T> {
    fn example() -> Value {
        vec![T::example()].into()
    }
}

/// A reference to a schema that has a name of its own.
pub(crate) fn named<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    T::schemas(schemas);
    put(schemas, &T::name(), T::schema())
}

/// Adds a schema under this name, and gives a reference to it.
pub(crate) fn put(schemas: &mut Schemas, name: &str, schema: impl Into<RefOr<Schema>>) -> RefOr<Schema> {
    schemas.push((name.to_owned(), schema.into()));
    Ref::from_schema_name(name).into()
}

/// The same schema, or null.
pub(crate) fn or_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::Object(mut object)) => {
            let null = match &object.schema_type {
                SchemaType::Type(only) => vec![only.clone(), Type::Null],
                SchemaType::Array(several) => several.iter().cloned().chain([Type::Null]).collect(),
                SchemaType::AnyValue => return Schema::Object(object).into(),
            };
            object.schema_type = SchemaType::Array(null);
            Schema::Object(object).into()
        }
        other => OneOfBuilder::new().item(other).item(ObjectBuilder::new().schema_type(Type::Null)).into(),
    }
}

/// The same schema with the meaning and the default that it has in one place.
pub(crate) fn meaning(mut schema: RefOr<Schema>, about: String, default: Option<Value>) -> RefOr<Schema> {
    match &mut schema {
        RefOr::Ref(reference) => (reference.description, reference.default) = (about, default),
        RefOr::T(Schema::Object(object)) => (object.description, object.default) = (Some(about), default),
        RefOr::T(Schema::Array(array)) => (array.description, array.default) = (Some(about), default),
        RefOr::T(Schema::OneOf(one_of)) => (one_of.description, one_of.default) = (Some(about), default),
        RefOr::T(_) => {}
    }
    schema
}
