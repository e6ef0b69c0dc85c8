//! Compares replies with the OpenAPI document, which must describe their operation, status, code, headers and members.

use std::sync::LazyLock;

use actix_web::http::{Method, StatusCode};
use serde_json::{Map, Value};

use super::Reply;

static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(crate::document(&crate::BasePath::default())).unwrap());

/// The headers that the document has to describe.
const TELLING: [&str; 10] = [
    "ETag",
    "Location",
    "Link",
    "Idempotency-Replayed",
    "WWW-Authenticate",
    "Retry-After",
    "X-Request-Id",
    "Accept",
    "Accept-Encoding",
    "Accept-Patch",
];

/// Panics if the document does not describe such a reply.
pub(super) fn check(method: &Method, path: &str, reply: &Reply) {
    if *method == Method::OPTIONS && reply.headers.contains_key("access-control-allow-methods") {
        // A preflight, which browsers send to every path, and which the document does not list.
        return;
    }
    let Some(item) = item(&plainly(path)) else {
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{path} is not documented");
        return;
    };
    let operation = &item[method.as_str().to_lowercase()];
    if operation.is_null() {
        assert_eq!(reply.status, StatusCode::METHOD_NOT_ALLOWED, "{method} {path} is not documented");
        return;
    }
    let what = format!("{method} {path} {}", reply.status);
    let response = &operation["responses"][reply.status.as_str()];
    assert!(response.is_object(), "{what} is not documented");
    for name in TELLING.iter().filter(|name| reply.headers.contains_key(**name)) {
        assert!(response["headers"][*name].is_object(), "the header {name} of {what} is not documented");
    }
    let media_type = reply.header("content-type");
    if media_type.is_empty() || *method == Method::HEAD {
        return;
    }
    let content = &response["content"][media_type];
    assert!(content.is_object(), "{media_type} of {what} is not documented");
    if media_type.ends_with("json") && path != "/openapi.json" {
        let body = reply.json();
        conforms(&body, &content["schema"], &what);
        if media_type == "application/problem+json" {
            let code = body["code"].as_str().unwrap();
            assert!(content["examples"][code].is_object(), "{code} of {what} has no example");
        }
    }
}

/// The path as the document has it, without doubled slashes.
fn plainly(path: &str) -> String {
    let plain = format!("/{}", path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"));
    if plain.starts_with("/api/wakatime/") { plain } else { path.to_owned() }
}

/// The path item for a path: the one with the same text, or one with parameters.
fn item(path: &str) -> Option<&'static Value> {
    let paths = DOCUMENT["paths"].as_object().unwrap();
    let fits = |pattern: &str| {
        pattern.split('/').count() == path.split('/').count()
            && pattern
                .split('/')
                .zip(path.split('/'))
                .all(|(one, other)| one == other || one.starts_with('{') && !other.is_empty())
    };
    paths.get(path).or_else(|| paths.iter().find(|(pattern, _)| fits(pattern)).map(|(_, item)| item))
}

/// Checks types and required members, and that the schema has every member.
pub(crate) fn conforms(value: &Value, schema: &Value, what: &str) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => DOCUMENT.pointer(&reference[1..]).unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => schema,
    };
    if let Some(choices) = schema["oneOf"].as_array() {
        let choice = choices.iter().find(|choice| (choice["type"] == "null") == value.is_null());
        return conforms(value, choice.unwrap_or_else(|| panic!("{what}: {value} against {schema}")), what);
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match &schema["type"] {
        Value::String(only) => {
            let fits = kind == only || (kind == "integer" && only == "number");
            assert!(fits, "{what}: {value} against {schema}");
        }
        Value::Array(several) => assert!(several.iter().any(|k| k == kind), "{what}: {value} against {schema}"),
        _ => panic!("{what}: {schema} has no type"),
    }
    match value {
        Value::Array(items) => items.iter().for_each(|item| conforms(item, &schema["items"], what)),
        Value::Object(members) => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_else(Map::new);
            for (name, member) in members {
                let property = properties.get(name).unwrap_or_else(|| panic!("{what}: {name} is not documented"));
                conforms(member, property, what);
            }
            for name in schema["required"].as_array().into_iter().flatten() {
                assert!(members.contains_key(name.as_str().unwrap()), "{what}: {name} is missing");
            }
        }
        _ => {}
    }
}
