//! The reference: `/openapi.json` for programs, `/docs` for people. Open to everybody, and made once.

pub(crate) mod describe;

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Bytes;

use crate::exchange::{Answer, Call};
use crate::problem::Problem;
use crate::query::Query;
use crate::{docs, openapi as document};

/// The page's own style, and nothing from anywhere else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'";

pub(crate) async fn openapi(call: Call) -> Answer {
    static JSON: LazyLock<serde_json::Result<Bytes>> =
        LazyLock::new(|| serde_json::to_vec_pretty(&document::document()).map(Bytes::from));
    Query::none(&call.request)?;
    let json = JSON.as_ref().map_err(|defect| Problem::defect(defect))?;
    Ok(HttpResponse::Ok().content_type("application/json").insert_header(CACHE).body(json.clone()))
}

pub(crate) async fn docs(call: Call) -> Answer {
    static PAGE: LazyLock<serde_json::Result<Bytes>> =
        LazyLock::new(|| docs::page(&document::document()).map(Bytes::from));
    Query::none(&call.request)?;
    let page = PAGE.as_ref().map_err(|defect| Problem::defect(defect))?;
    let mut response = HttpResponse::Ok();
    response.content_type("text/html; charset=utf-8").insert_header(CACHE);
    Ok(response.insert_header((header::CONTENT_SECURITY_POLICY, POLICY)).body(page.clone()))
}

/// Changes with a release alone.
const CACHE: (header::HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");
