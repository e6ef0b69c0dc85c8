//! The parameters and headers that operations share.

use serde_json::json;
use stint_domain::ledger::Minutes;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{Header, KnownFormat, ObjectBuilder, Required, Schema, SchemaFormat, Type};

/// An example of an id.
pub(super) const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// The `{id}` of a path.
pub(super) fn id_of(what: &str) -> Parameter {
    ParameterBuilder::new()
        .name("id")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some(format!("The id of the {what}: a UUID in its hyphenated form.")))
        .schema(Some(Schema::Object(uuid().build())))
        .example(Some(json!(ID)))
        .build()
}

/// The `{token}` of a path.
pub(super) fn secret() -> Parameter {
    ParameterBuilder::new()
        .name("token")
        .parameter_in(ParameterIn::Path)
        .required(Required::True)
        .description(Some("The secret of a capture token: a `UUIDv4`, also with the prefix `waka_`."))
        .schema(Some(Schema::Object(text().pattern(Some(SECRET)).build())))
        .example(Some(json!("0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a")))
        .build()
}

/// A `UUIDv4` in lower case.
const SECRET: &str = "^(waka_)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

/// A query parameter.
pub(super) fn query(name: &str, description: &str, schema: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Query)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(Schema::Object(schema.build())))
        .build()
}

/// A header of a request.
pub(super) fn request_header(name: &str, description: &str, schema: ObjectBuilder, example: &str) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(description))
        .schema(Some(Schema::Object(schema.build())))
        .example(Some(json!(example)))
        .build()
}

/// A header of a response.
pub(super) fn response_header(description: &str, example: &str) -> Header {
    HeaderBuilder::new()
        .schema(Some(Schema::Object(text().build())))
        .description(Some(description))
        .example(Some(json!(example)))
        .build()
}

/// The header of every response.
pub(super) fn request_id() -> Header {
    response_header("The request's id, as in the operator's log.", ID)
}

/// The schema of a text.
pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

/// The schema of an id.
pub(crate) fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
}

/// The schema of one of these words.
pub(crate) fn one_of<const N: usize>(words: [&str; N]) -> ObjectBuilder {
    text().enum_values(Some(words))
}

/// The schema of an entry's minutes.
pub(crate) fn minutes() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
    let whole = ObjectBuilder::new().schema_type(Type::Integer).format(Some(format));
    whole.minimum(Some(Minutes::MIN)).maximum(Some(Minutes::MAX))
}

/// The schema of a moment as moments are shown.
pub(crate) fn date_time() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

/// The schema of a date.
pub(crate) fn date() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}
