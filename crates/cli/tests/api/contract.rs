//! Checks every answer that the suite gets against the OpenAPI document.
//!
//! The server must not know routes that are not documented. The meaning of answers is not checked here.

use std::sync::OnceLock;

use serde_json::Value;

use super::answer::Answer;
use super::schema;

static DOCUMENT: OnceLock<Value> = OnceLock::new();

/// Sets the document for the checks. The first call counts, because all servers here are the same program.
pub(super) fn learn(document: impl FnOnce() -> Value) -> &'static Value {
    DOCUMENT.get_or_init(document)
}

/// Panics unless the document allows this answer to `method` on `target`.
#[track_caller]
pub(super) fn check(method: &str, target: &str, answer: &Answer) {
    assert_request_id(answer);
    let Some(document) = DOCUMENT.get() else { return };
    if let Err(difference) = compare(document, method, target, answer) {
        panic!("the OpenAPI document and the server differ in {method} {target}: {difference}\n{answer}");
    }
}

fn compare(document: &Value, method: &str, target: &str, answer: &Answer) -> Result<(), String> {
    let path = target.split('?').next().unwrap_or_default();
    // Editor plugins get errors in the only form that they read, and a person gets the page again.
    let is_page = ["/sign-in", "/sign-out", "/welcome", "/auth/oidc/start", "/auth/oidc/callback"].contains(&path)
        && answer.header("content-type") == Some("text/html; charset=utf-8");
    if answer.status >= 400 && method != "HEAD" && !target.starts_with("/api/wakatime/") && !is_page {
        answer.problem();
    }
    let Some((_, item)) = document["paths"].as_object().unwrap().iter().find(|(route, _)| is_of(path, route)) else {
        return demand(matches!(answer.status, 400 | 401 | 404), || "the route is not documented".to_owned());
    };
    let documented = if method == "HEAD" && item.get("head").is_none() { "get" } else { &method.to_lowercase() };
    let Some(operation) = item.get(documented) else {
        return demand(answer.status == 405, || "the method is not documented".to_owned());
    };
    let response = resolve(document, &operation["responses"][answer.status.to_string()]);
    demand(response.is_object(), || format!("the status {} is not documented", answer.status))?;
    if answer.body.is_empty() {
        let bodiless = method == "HEAD" || matches!(answer.status, 204 | 303 | 304);
        return demand(bodiless, || "the body is missing".to_owned());
    }
    demand(method != "HEAD", || "HEAD has a body".to_owned())?;
    let media_type = answer.header("content-type").unwrap_or_default();
    let content = &response["content"][media_type];
    demand(content.is_object(), || format!("the media type {media_type:?} is not documented"))?;
    if !media_type.ends_with("json") {
        return Ok(());
    }
    let body = answer.json();
    schema::check(document, &content["schema"], &body)?;
    match body["code"].as_str() {
        Some(code) if answer.status >= 400 => demand(names_code(content, code), || format!("{code} has no example")),
        _ => Ok(()),
    }
}

/// Every answer has a request id, so that a reported request can be found in the log.
#[track_caller]
fn assert_request_id(answer: &Answer) {
    let id = answer.header("x-request-id").unwrap_or_else(|| panic!("no X-Request-Id: {answer}"));
    let valid = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    assert!((1..=128).contains(&id.len()) && id.bytes().all(valid), "an odd X-Request-Id: {answer}");
}

fn is_of(path: &str, route: &str) -> bool {
    let (path, route): (Vec<_>, Vec<_>) = (path.split('/').collect(), route.split('/').collect());
    path.len() == route.len()
        && path
            .iter()
            .zip(&route)
            .all(|(part, pattern)| part == pattern || pattern.starts_with('{') && !part.is_empty())
}

pub(super) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')) {
        Some(pointer) => document.pointer(pointer).unwrap_or_else(|| panic!("a dangling reference: {pointer}")),
        None => value,
    }
}

/// Whether the examples or the schema of a response name this problem code.
fn names_code(content: &Value, code: &str) -> bool {
    match content {
        Value::Object(members) => {
            members.get("code").is_some_and(|value| value == code)
                || members.values().any(|value| names_code(value, code))
        }
        Value::Array(items) => items.iter().any(|item| names_code(item, code)),
        _ => false,
    }
}

fn demand(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}
