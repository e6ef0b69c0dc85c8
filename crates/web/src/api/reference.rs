//! The reference: `/openapi.json` for programs, `/docs` for people. Everybody may read it. Each is made once.

pub(super) mod routes;

use std::sync::OnceLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;
use utoipa::openapi::OpenApi;

use crate::base_path::BasePath;
use crate::exchange::{Answer, Call};
use crate::problem::Problem;
use crate::query::Query;
use crate::surface::Surface;
use crate::{docs, pieces};

pub(super) type Document = fn(&BasePath) -> OpenApi;

/// The page has its own style and loads nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

fn openapi(call: &Call, document: Document) -> Answer {
    Query::none(&call.request)?;
    let Surface { base_path, reference, .. } = &call.api.surface;
    let json = made_once(&reference.json, || serde_json::to_vec_pretty(&document(base_path)))?;
    Ok(HttpResponse::Ok().content_type("application/json").insert_header(CACHE).body(pieces::shared(&json)))
}

fn docs(call: &Call, document: Document) -> Answer {
    Query::none(&call.request)?;
    let Surface { base_path, reference, .. } = &call.api.surface;
    let page = made_once(&reference.page, || docs::page(&document(base_path)).map(String::into_bytes))?;
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8").insert_header(CACHE);
    Ok(response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).body(pieces::shared(&page)))
}

fn made_once(kept: &OnceLock<Bytes>, make: impl FnOnce() -> serde_json::Result<Vec<u8>>) -> Result<Bytes, Problem> {
    if let Some(made) = kept.get() {
        return Ok(made.clone());
    }
    let bytes = make().map_err(|defect| Problem::defect(&defect))?;
    Ok(kept.get_or_init(|| bytes.into()).clone())
}

/// It changes with a release or a setting.
const CACHE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");
