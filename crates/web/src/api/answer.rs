//! The forms that answers have in common.

use std::fmt::{Display, Write};

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use arrayvec::ArrayString;
use serde::{Serialize, Serializer};
use stint_domain::access::{Principal, Scope};
use stint_domain::ledger::Applied;
use stint_domain::ledger::ports::job::Put;
use stint_domain::values::Version;
use stint_domain::{Page, PageSize, PageSizeError};

use crate::base_path::BasePath;
use crate::conditional::ReadCondition;
use crate::cursor::{self, Place};
use crate::etag::etag;
use crate::exchange::{Answer, Call};
use crate::idempotency::REPLAYED;
use crate::problem::Problem;
use crate::query::{self, Query};

/// What is shown of something.
pub(super) trait Presented {
    /// The form in JSON.
    type Body<'a>: Serialize
    where
        Self: 'a;

    /// What is shown of it; URLs begin with the base path.
    fn body<'a>(&'a self, base: &'a BasePath) -> Self::Body<'a>;
}

/// One resource: its version, and where it is.
pub(super) trait Resource: Presented {
    /// The version, from which the `ETag` is made.
    fn version(&self) -> Version;

    /// Its own URL, from the base path on.
    fn url(&self) -> String;
}

/// JSON, with no more said about it.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    json_of(1, status, body)
}

/// The same, with room for so many resources from the start.
fn json_of(resources: usize, status: StatusCode, body: &impl Serialize) -> Answer {
    let mut bytes = Vec::with_capacity(resources * 512);
    // Text and numbers always serialise; a defect here is no caller's fault.
    serde_json::to_writer(&mut bytes, body).map_err(|_defect| Problem::internal())?;
    Ok(HttpResponse::build(status).content_type("application/json").body(bytes))
}

/// A resource that was asked for, or that the caller has it already.
pub(super) fn read<R: Resource>(call: &Call, resource: &R, condition: &ReadCondition) -> Answer {
    if condition.is_known(resource.version())? {
        let mut response = HttpResponse::NotModified().finish();
        tag(&mut response, resource);
        return Ok(response);
    }
    whole(call, StatusCode::OK, resource)
}

/// A resource as it is after a change, for who may see it: others changed what they need not have made.
pub(super) fn changed<R: Resource>(call: &Call, principal: &Principal, resource: &R) -> Answer {
    if sees(principal) {
        return whole(call, StatusCode::OK, resource);
    }
    let mut response = HttpResponse::NoContent().finish();
    tag(&mut response, resource);
    Ok(response)
}

/// A resource that was put there, or in the place of another.
pub(super) fn put<R: Resource>(call: &Call, principal: &Principal, put: Put<R>) -> Answer {
    match put {
        Put::Created(resource) => created(call, &resource),
        Put::Replaced(resource) => changed(call, principal, &resource),
    }
}

/// It is gone.
pub(super) fn deleted() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Whether the principal sees more than what it has just made.
pub(super) fn sees(principal: &Principal) -> bool {
    principal.scopes.allow(Scope::Read)
}

fn whole<R: Resource>(call: &Call, status: StatusCode, resource: &R) -> Answer {
    let mut response = json(status, &resource.body(call.base_path()))?;
    tag(&mut response, resource);
    Ok(response)
}

/// A resource that was created, for its maker, whatever else that may see.
pub(super) fn created<R: Resource>(call: &Call, resource: &R) -> Answer {
    let mut response = whole(call, StatusCode::CREATED, resource)?;
    if let Ok(url) = header::HeaderValue::try_from(format!("{}{}", call.base_path(), resource.url())) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    Ok(response)
}

/// The answer to a write with an idempotency key: the same for each repeat, but for the header that says so.
pub(super) fn applied<T>(applied: Applied<T>, answer: impl FnOnce(T) -> Answer) -> Answer {
    let mut response = answer(applied.outcome)?;
    if applied.replayed {
        response.headers_mut().insert(REPLAYED, header::HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// Which page of a listing is wanted.
pub(super) struct Wanted<P> {
    pub(super) size: PageSize,
    pub(super) after: Option<P>,
    /// What the page's cursor belongs to.
    pub(super) filters: String,
}

impl<P: Place> Wanted<P> {
    /// Reads the last of a listing's parameters, and tells what is wrong with any. A cursor is none for the same listing
    /// `within` something else.
    pub(super) fn of(query: &mut Query<'_>, within: &str) -> Result<Self, Problem> {
        let size = query
            .optional("limit", |text| query::digits(text).ok_or(PageSizeError).and_then(PageSize::new))
            .unwrap_or_default();
        let filters = query.filters(within);
        let after = query.optional("cursor", |token| cursor::read(token, &filters));
        query.finish()?;
        Ok(Self { size, after, filters })
    }
}

/// A page of a listing, with a link to the next one.
pub(super) fn page<R: Presented, P: Place>(call: &Call, query: &Query<'_>, filters: &str, page: &Page<R, P>) -> Answer {
    let next_cursor = page.next.as_ref().map(|place| cursor::write(place, filters));
    let items = page.items.iter().map(|item| item.body(call.base_path())).collect();
    let body = PageBody { items, next_cursor: next_cursor.as_deref() };
    let mut response = json_of(page.items.len().max(1), StatusCode::OK, &body)?;
    if let Some(cursor) = &next_cursor {
        let link = query.link_to_next(call.base_path(), call.path(), cursor);
        if let Ok(link) = header::HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// The members of a page; `openapi::described` says what they mean.
#[derive(Serialize)]
struct PageBody<'a, T> {
    items: Vec<T>,
    next_cursor: Option<&'a str>,
}

/// A version's tag, and that a cache asks each time whether it still holds.
fn tag<R: Resource>(response: &mut HttpResponse, resource: &R) {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag(resource.version()));
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("private, no-cache"));
}

/// Serialises with `Display`: what is short, as ids and moments are, in one piece, because each piece is searched for
/// what must be escaped.
pub(super) fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = ArrayString::<40>::new();
    match write!(text, "{value}") {
        Ok(()) => serializer.serialize_str(&text),
        Err(_longer) => serializer.collect_str(value),
    }
}

/// The same, where there may be nothing to show.
#[expect(clippy::ref_option, reason = "serde gives it so")]
pub(super) fn shown_or_null<S: Serializer>(value: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => shown(value, serializer),
        None => serializer.serialize_none(),
    }
}
