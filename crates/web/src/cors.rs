//! Pages of other sites (CORS): those of the origins that the operator names may call this API from a browser.
//!
//! Every route is open to them, and every answer says so, errors too; the token decides what a page may do. Browsers
//! send nothing by themselves, such as cookies, that counts here, so credentials are never allowed, and `*` is not an
//! origin. A middleware (`actix-cors`) would allocate for each request, even when no origin is named.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use thiserror::Error;

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
/// What requests may carry, besides what every page may send.
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, Content-Type, Content-Encoding, If-Match, If-None-Match, Idempotency-Key, X-Request-Id",
);
/// What a page may see of an answer, besides what every page may see.
const ANSWER_HEADERS: HeaderValue = HeaderValue::from_static(
    "ETag, Location, Link, Allow, Retry-After, WWW-Authenticate, X-Request-Id, Idempotency-Replayed, RateLimit, \
     RateLimit-Policy",
);
/// For how many seconds a browser need not ask again. An origin that is taken off the list may be used that long.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The origins whose pages may call this API; none by default. Clones share them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct CorsOrigins(Arc<[String]>);

/// Why a text is not a list of origins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "must be origins as browsers send them, separated by commas, such as `https://app.example.org`: scheme and host in \
     lower case, a port that is not the scheme's own, no path; `{0}` is none"
)]
pub struct CorsOriginsError(String);

impl CorsOrigins {
    /// The answer to a browser that asks whether a page may send a request. `None` if it is another request, or the
    /// page may not.
    pub(crate) fn preflight(&self, request: &HttpRequest) -> Option<HttpResponse> {
        if self.0.is_empty() || *request.method() != Method::OPTIONS {
            return None;
        }
        self.admitted(request.headers())?;
        request.headers().get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
        let mut response = HttpResponse::NoContent();
        response.insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, METHODS));
        response.insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS));
        Some(response.insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE)).finish())
    }

    /// Says on an answer whether the page that asked may see it.
    pub(crate) fn finish(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        if self.0.is_empty() {
            return;
        }
        // A cache must not show the answer to a page of another origin.
        answer.append(header::VARY, HeaderValue::from_static("Origin"));
        if let Some(origin) = self.admitted(request) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        }
    }

    fn admitted<'a>(&self, request: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let mut lines = request.get_all(header::ORIGIN);
        let (origin, None) = (lines.next()?, lines.next()) else { return None };
        self.0.iter().any(|admitted| admitted.as_bytes() == origin.as_bytes()).then_some(origin)
    }
}

impl TryFrom<String> for CorsOrigins {
    type Error = CorsOriginsError;

    fn try_from(text: String) -> Result<Self, CorsOriginsError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let origin = |part: &str| match part.trim() {
            origin if is_origin(origin) => Ok(origin.to_owned()),
            other => Err(CorsOriginsError(other.to_owned())),
        };
        Ok(Self(text.split(',').map(origin).collect::<Result<_, _>>()?))
    }
}

/// Whether a browser may send exactly this. Any other text would admit nobody, and nobody would know why.
fn is_origin(text: &str) -> bool {
    let Some((scheme, authority)) = text.split_once("://") else { return false };
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let of_scheme = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+.-".contains(&b);
    let of_host = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-._".contains(&b);
    let of_address = |b: u8| b.is_ascii_hexdigit() && !b.is_ascii_uppercase() || b == b':';
    let is_host = match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.contains(':') && address.bytes().all(of_address),
        None => !host.is_empty() && host.bytes().all(of_host),
    };
    let own_port = match scheme {
        "http" => Some("80"),
        "https" => Some("443"),
        _ => None,
    };
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|number| number.to_string() == port && number > 0);
    scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme.bytes().all(of_scheme)
        && is_host
        && port.is_none_or(|port| is_port(port) && Some(port) != own_port)
}

#[cfg(test)]
mod tests;
