//! What answers have in common.

use std::fmt::{Display, Write};

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use arrayvec::ArrayString;
use serde::{Serialize, Serializer};
use stint_domain::access::Principal;
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
use crate::json::Writer;
use crate::problem::Problem;
use crate::query::{self, Query};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Something that answers show.
pub(super) trait Presented {
    /// Its form in JSON.
    type Body<'a>: Serialize
    where
        Self: 'a;

    /// URLs in it begin with the base path.
    fn body<'a>(&'a self, base: &'a BasePath) -> Self::Body<'a>;
}

/// A resource with a version and a URL of its own.
pub(super) trait Resource: Presented {
    fn version(&self) -> Version;

    /// Without the base path.
    fn url(&self) -> String;
}

/// An answer in JSON.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Answer {
    json_of(1, status, body)
}

/// The same, with a buffer for this many resources.
fn json_of(resources: usize, status: StatusCode, body: &impl Serialize) -> Answer {
    let mut bytes = Vec::with_capacity(resources * 512);
    // Text and numbers always serialise; a defect here is no caller's fault.
    body.serialize(Writer(&mut bytes)).map_err(|defect| Problem::defect(&defect))?;
    Ok(HttpResponse::build(status).content_type(JSON).body(bytes))
}

/// The resource that was asked for; 304 if the caller has it already.
pub(super) fn read<R: Resource>(call: &Call, resource: &R, condition: &ReadCondition) -> Answer {
    if condition.is_known(resource.version())? {
        return Ok(tagged(HttpResponse::NotModified().finish(), resource));
    }
    whole(call, StatusCode::OK, resource)
}

/// A resource after a change. A token without the scope `read` or `own` gets no body: others may have made the resource.
pub(super) fn changed<R: Resource>(call: &Call, principal: &Principal, resource: &R) -> Answer {
    if sees(principal) {
        return whole(call, StatusCode::OK, resource);
    }
    Ok(tagged(HttpResponse::NoContent().finish(), resource))
}

/// What the principal has changed of its own.
pub(super) fn own<R: Resource>(call: &Call, resource: &R) -> Answer {
    whole(call, StatusCode::OK, resource)
}

/// A resource that PUT created or replaced.
pub(super) fn put<R: Resource>(call: &Call, principal: &Principal, put: Put<R>) -> Answer {
    match put {
        Put::Created(resource) => created(call, &resource),
        Put::Replaced(resource) => changed(call, principal, &resource),
    }
}

pub(super) fn deleted() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Whether the principal may see what it may change. With `own` it reaches nothing else.
pub(super) fn sees(principal: &Principal) -> bool {
    principal.reads().is_ok()
}

fn whole<R: Resource>(call: &Call, status: StatusCode, resource: &R) -> Answer {
    Ok(tagged(json(status, &resource.body(call.base_path()))?, resource))
}

/// A resource that was created. Its maker sees it even without the scope `read`.
pub(super) fn created<R: Resource>(call: &Call, resource: &R) -> Answer {
    Ok(located(whole(call, StatusCode::CREATED, resource)?, call, &resource.url()))
}

/// The same answer with the URL of what was created.
pub(super) fn located(mut response: HttpResponse, call: &Call, url: &str) -> HttpResponse {
    if let Ok(url) = HeaderValue::try_from(format!("{}{url}", call.base_path())) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}

/// The answer to a write that may have an idempotency key. A repeat gets the same answer, and a header that says so.
pub(super) fn applied<T>(applied: Applied<T>, answer: impl FnOnce(T) -> Answer) -> Answer {
    let mut response = answer(applied.outcome)?;
    if applied.replayed {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

pub(super) struct Wanted<P> {
    pub(super) size: PageSize,
    pub(super) after: Option<P>,
    /// The filters that the page's cursor belongs to.
    pub(super) filters: String,
}

impl<P: Place> Wanted<P> {
    /// Reads `limit` and `cursor`, the last parameters of a listing, and reports what is wrong with any parameter. A
    /// cursor is valid only `within` the same resource.
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
    let body =
        PageBody { items: Items { items: &page.items, base: call.base_path() }, next_cursor: next_cursor.as_deref() };
    let mut response = json_of(page.items.len().max(1), StatusCode::OK, &body)?;
    if let Some(cursor) = &next_cursor {
        let link = query.link_to_next(call.base_path(), call.path(), cursor);
        if let Ok(link) = HeaderValue::try_from(link) {
            response.headers_mut().insert(header::LINK, link);
        }
    }
    Ok(response)
}

/// The members of a page; `openapi::responses` has their schema.
#[derive(Serialize)]
struct PageBody<'a, I> {
    items: I,
    next_cursor: Option<&'a str>,
}

/// The items of a page, each of which is presented when it is written.
struct Items<'a, R> {
    items: &'a [R],
    base: &'a BasePath,
}

impl<R: Presented> Serialize for Items<'_, R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.items.iter().map(|item| item.body(self.base)))
    }
}

/// The same answer with the `ETag`. Caches have to ask each time whether it is still valid.
pub(super) fn tagged<R: Resource>(mut response: HttpResponse, resource: &R) -> HttpResponse {
    let headers = response.headers_mut();
    headers.insert(header::ETAG, etag(resource.version()));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    response
}

/// Serialises with `Display`. Short text, such as a moment or a URL, is written in one piece, because each piece is searched for
/// characters to escape.
pub(super) fn shown<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    let mut text = ArrayString::<120>::new();
    match write!(text, "{value}") {
        Ok(()) => serializer.serialize_str(&text),
        Err(_longer) => serializer.collect_str(value),
    }
}

/// The same for a value that may be null.
#[expect(clippy::ref_option, reason = "serde gives it so")]
pub(super) fn shown_or_null<S: Serializer>(value: &Option<impl Display>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => shown(value, serializer),
        None => serializer.serialize_none(),
    }
}
