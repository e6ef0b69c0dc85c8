//! What responses are made of: headers, pages, and the problems of one status.

use serde_json::{Value, json};
use stint_domain::PageSize;
use stint_domain::ledger::MinutesError;
use utoipa::ToSchema;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ArrayBuilder, SchemaType};
use utoipa::openapi::{Header, ObjectBuilder, Ref, RefOr, Schema, Type};

use super::parameters::{ID, text};
use super::{Schemas, named, put};
use crate::problem::{Body, Code, MEDIA_TYPE, Plain};

/// A response with the header that all responses have.
pub(super) fn response(about: &str) -> ResponseBuilder {
    let header = Ref::new("#/components/headers/X-Request-Id");
    ResponseBuilder::new().description(about).header_ref("X-Request-Id", header)
}

pub(super) fn response_header(name: &str) -> Header {
    let (about, example) = match name {
        "X-Request-Id" => ("The request's id, as in the operator's log.", ID),
        "ETag" => ("The version of the resource; changes whenever the resource does.", "\"1700000000000000\""),
        "Location" => ("The URL of the resource.", "/api/v1/jobs/01890a5d-ac96-774b-bcce-b302099a8057"),
        "Link" => ("The next page, if there is one.", "</api/v1/jobs?limit=50&cursor=AQAF1-4F>; rel=\"next\""),
        "Idempotency-Replayed" => ("`true` when an earlier request with the same key was carried out.", "true"),
        "Accept" => ("The media types that are accepted, if it had another.", "application/json"),
        "Accept-Patch" => ("The same for PATCH.", "application/merge-patch+json, application/json"),
        "Accept-Encoding" => ("The coding that is accepted, if it had another.", "gzip"),
        "Set-Cookie" => {
            ("The session, for the browser to send along.", "__Host-stint=stint_session_...; Path=/; HttpOnly")
        }
        "WWW-Authenticate" => ("What is needed.", "Bearer realm=\"stint\", error=\"invalid_token\""),
        _ => ("After how many seconds to try again.", "1"),
    };
    HeaderBuilder::new().schema(Some(text())).description(Some(about)).example(Some(json!(example))).build()
}

pub(super) fn page_of<T: ToSchema>(schemas: &mut Schemas) -> RefOr<Schema> {
    let items = ArrayBuilder::new().items(named::<T>(schemas)).max_items(Some(PageSize::MAX.into()));
    let cursor = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some("The `cursor` of the next page; null on the last one."));
    let page = ObjectBuilder::new()
        .property("items", items)
        .required("items")
        .property("next_cursor", cursor)
        .required("next_cursor");
    put(schemas, &format!("{}Page", T::name()), page)
}

/// The response for these problems, which have one status, with an example of each.
pub(super) fn problem(codes: &[Code], plain: bool) -> Response {
    let titles: Vec<&str> = codes.iter().map(|code| code.spec().title).collect();
    let headers: &[&str] = match codes.first().map(|code| code.spec().status.as_u16()) {
        Some(401 | 403) => &["WWW-Authenticate"],
        Some(412) => &["ETag"],
        Some(415) => &["Accept", "Accept-Encoding", "Accept-Patch"],
        Some(429 | 503) => &["Retry-After"],
        _ => &[],
    };
    let examples = codes.iter().map(|code| {
        let spec = code.spec();
        (spec.code, ExampleBuilder::new().summary(spec.title).value(Some(example(*code, plain))).build())
    });
    let (media_type, schema) = if plain { ("application/json", Plain::name()) } else { (MEDIA_TYPE, Body::name()) };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).examples_from_iter(examples);
    let response = response(&format!("{}.", titles.join(". "))).content(media_type, content.build());
    headers.iter().fold(response, |response, name| response.header(*name, response_header(name))).build()
}

fn example(code: Code, plain: bool) -> Value {
    let spec = code.spec();
    if plain {
        return json!({ "error": spec.example });
    }
    let mut example = json!({
        "type": code.type_uri(),
        "title": spec.title,
        "status": spec.status.as_u16(),
        "code": spec.code,
        "detail": spec.example,
        "request_id": ID,
    });
    let error = |pointer: &str, detail: &str| json!([{ "pointer": pointer, "detail": detail }]);
    match code {
        Code::ValidationFailed => example["errors"] = error("/minutes_worked", &format!("{MinutesError}, got 0")),
        Code::UnknownJob => example["errors"] = error("/related_job", spec.example),
        _ => {}
    }
    example
}
