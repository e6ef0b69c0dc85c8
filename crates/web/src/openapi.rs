//! The OpenAPI 3.1 document, made from what each route says of itself.
//!
//! Schemas come from the types that handlers send and read, examples of problems from the catalogue of codes. Tests
//! compare the document with the routes, and with every answer that any test of this crate gets.

mod described;
mod form;
mod parameters;
mod resource;
mod responses;
mod texts;

use actix_web::http::Method;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{ComponentsBuilder, Info, License, OpenApi, OpenApiBuilder, Paths, RefOr, Server};
use utoipa::{PartialSchema, ToSchema};

pub(crate) use described::Described;
pub(crate) use form::{Example, Form, Schemas, meaning, named, or_null, put};
pub(crate) use parameters::{date, date_time, minutes, one_of, text, timer_minutes, uuid};
pub(crate) use resource::Documented;
pub(crate) use texts::{
    EmailAddress, HandleName, MAX_TYPED, Moment, Name, NewPasswordText, PersonState, PingName, RoleName, Status,
    Summary, TypedLine, TypedPassword, WeekDay, ZoneName, day, days, moment, name, name_part, person_state, ping_name,
    role_name, status, summary,
};

use crate::base_path::BasePath;
use crate::problem::{Body as ProblemBody, FieldError};

// The names of the security schemes: one for all tokens, one for sessions, two for the tokens of editor plugins.
const BEARER: &str = "bearer";
const COOKIE: &str = "session";
const KEY: &str = "capture_key";
const KEY_IN_QUERY: &str = "capture_key_in_query";

const OF_BEARER: &str = "A token made by `stint token create` or `POST /api/v1/tokens`: `stint_` and 43 characters of \
                         base64url. Or, if the service takes them, a token (JWT) of its OpenID provider.";
const OF_COOKIE: &str = "The cookie of a session; see `POST /api/v1/session`. Over TLS its name is `__Host-stint`, or \
                         `__Secure-stint` below a path. `Authorization` wins over it. A change by a cookie must come \
                         from a page of this service.";
const OF_KEY: &str = "A capture token's secret, with or without the prefix `waka_`, as user name; no password.";

const DESCRIPTION: &str = "\
A ledger of working time. A job collects time entries; its `total_minutes` equals the sum of their minutes at every \
moment.

Bodies are JSON in UTF-8, also with `Content-Encoding: gzip`; limits apply to the decoded body. Every error is a \
problem (RFC 9457, `application/problem+json`) with a stable `code`. Unknown fields and unknown query parameters are \
errors, and all errors of a request are reported at once.

Every path that takes GET takes HEAD. An unknown path is 404 `route-not-found`, and a method that a path does not take \
is 405 `method-not-allowed` with `Allow`. Every response has an `X-Request-Id`: the caller's if it is 1 to 128 \
characters of `[A-Za-z0-9._-]`, else a new one.";

const TAGS: [(&str, &str); 12] = [
    ("Jobs", "What time is logged on."),
    ("Time entries", "Minutes worked on one date for one job."),
    ("Pings", "Signals that work is happening now, from tools that can call a URL, and what became of them."),
    ("Capture tokens", "The tokens that send pings. The pings of one count for its job, or for the jobs of projects."),
    ("Timer", "What a person is doing now, and the time that it becomes."),
    ("People", "Accounts, signing in, and one's own account."),
    ("Tokens", "Tokens for the API: one's own, and all for an admin."),
    ("WakaTime", "Heartbeats of editor plugins, in their protocol. Errors are `{\"error\": \"...\"}`."),
    ("Tasks", "Runs of background tasks."),
    ("Pages", "Forms for people. They need no token and no script."),
    ("Health", "Whether the service runs. Needs no token."),
    ("Reference", "What you are reading. Needs no token."),
];

/// The document of these routes, of a service below this path.
pub(crate) fn document<'r>(
    base: &BasePath,
    routes: impl IntoIterator<Item = (&'r Method, &'r str, Described)>,
) -> OpenApi {
    let mut paths = Paths::new();
    let mut components = ComponentsBuilder::new()
        .security_scheme(BEARER, http(HttpAuthScheme::Bearer, OF_BEARER))
        .security_scheme(COOKIE, cookie())
        .security_scheme(KEY, http(HttpAuthScheme::Basic, OF_KEY))
        .security_scheme(KEY_IN_QUERY, SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("api_key"))))
        .header("X-Request-Id", responses::response_header("X-Request-Id"))
        .schema(ProblemBody::name(), ProblemBody::schema())
        .schema(FieldError::name(), FieldError::schema());
    for (method, path, described) in routes {
        let (schemas, operation) = described.done(method, path);
        components = components.schemas_from_iter(schemas);
        if method == Method::GET {
            paths.add_path_operation(path, vec![HttpMethod::Head], head_of(&operation));
        }
        if let Some(method) = in_document(method) {
            paths.add_path_operation(path, vec![method], operation);
        }
    }
    let mut info = Info::new("Stint", env!("CARGO_PKG_VERSION"));
    info.description = Some(DESCRIPTION.to_owned());
    info.license = Some(License::new(env!("CARGO_PKG_LICENSE")));
    let tags = TAGS.map(|(name, description)| TagBuilder::new().name(name).description(Some(description)).build());
    let servers = (!base.as_str().is_empty()).then(|| [Server::new(base.as_str())]);
    let document = OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build()));
    document.tags(Some(tags)).servers(servers).build()
}

/// HEAD: the answers of GET without their bodies.
fn head_of(get: &Operation) -> Operation {
    let mut head = get.clone();
    head.operation_id = get.operation_id.as_ref().map(|id| format!("{id}_head"));
    head.summary = get.summary.as_ref().map(|summary| format!("{summary}: the headers alone"));
    for response in head.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response.content.clear();
        }
    }
    head
}

fn in_document(method: &Method) -> Option<HttpMethod> {
    match *method {
        Method::GET => Some(HttpMethod::Get),
        Method::POST => Some(HttpMethod::Post),
        Method::PUT => Some(HttpMethod::Put),
        Method::PATCH => Some(HttpMethod::Patch),
        Method::DELETE => Some(HttpMethod::Delete),
        _ => None,
    }
}

fn cookie() -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description("stint", OF_COOKIE)))
}

fn http(scheme: HttpAuthScheme, about: &str) -> SecurityScheme {
    let mut http = Http::new(scheme);
    http.description = Some(about.to_owned());
    SecurityScheme::Http(http)
}

#[cfg(test)]
mod tests;
