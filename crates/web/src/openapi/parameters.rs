//! Parameters of requests, and the schemas of plain values.

use serde_json::json;
use stint_domain::ledger::Minutes;
use stint_domain::timers::TimerMinutes;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::{KnownFormat, ObjectBuilder, Required, SchemaFormat, Type};

pub(super) const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// The parameter of a path, if it has one.
pub(super) fn in_path(path: &str) -> Option<Parameter> {
    /// A `UUIDv4` in lower case.
    const SECRET: &str = "^(waka_)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";
    let (name, about, schema, example) = if path.contains("{id}") {
        ("id", "A UUID in its hyphenated form.", uuid(), ID)
    } else if path.contains("{token}") {
        let about = "The secret of a capture token: a `UUIDv4`, also with the prefix `waka_`.";
        ("token", about, text().pattern(Some(SECRET)), "0b9a3c1e-5d7f-4e2a-8b6c-1f0e9d8c7b6a")
    } else {
        return None;
    };
    Some(parameter(ParameterIn::Path, name, about, schema).example(Some(json!(example))).build())
}

/// A parameter. Only those in a path are required.
pub(super) fn parameter(place: ParameterIn, name: &str, about: &str, schema: ObjectBuilder) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::False)
        .description(Some(about))
        .schema(Some(schema))
}

pub(crate) fn text() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

pub(crate) fn uuid() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)))
}

pub(crate) fn one_of<const N: usize>(words: [&str; N]) -> ObjectBuilder {
    text().enum_values(Some(words))
}

pub(crate) fn minutes() -> ObjectBuilder {
    whole().minimum(Some(Minutes::MIN)).maximum(Some(Minutes::MAX))
}

pub(crate) fn timer_minutes() -> ObjectBuilder {
    whole().minimum(Some(TimerMinutes::MIN)).maximum(Some(TimerMinutes::MAX))
}

fn whole() -> ObjectBuilder {
    let format = SchemaFormat::KnownFormat(KnownFormat::Int32);
    ObjectBuilder::new().schema_type(Type::Integer).format(Some(format))
}

pub(crate) fn date_time() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
}

pub(crate) fn date() -> ObjectBuilder {
    text().format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
}
