//! The routes to the reference, and what the document says of them.

use std::future::ready;

use actix_web::http::Method;
use utoipa::openapi::{ObjectBuilder, Type};

use super::{Document, docs, openapi};
use crate::endpoint::Endpoint;
use crate::openapi::{Described, text};

const TAG: &str = "Reference";

pub(in crate::api) fn all(document: Document) -> Vec<Endpoint> {
    vec![
        Endpoint::new(
            Method::GET,
            "/openapi.json",
            move |call| ready(openapi(&call, document)),
            || {
                let object = ObjectBuilder::new().schema_type(Type::Object);
                Described::new(TAG, "openapi", "The reference for programs", "An OpenAPI 3.1 document.").answers_as(
                    200,
                    "The document.",
                    "application/json",
                    object,
                    None,
                )
            },
        ),
        Endpoint::new(
            Method::GET,
            "/docs",
            move |call| ready(docs(&call, document)),
            || {
                Described::new(
                    TAG,
                    "docs",
                    "The reference for people",
                    "One page that needs no other host and no scripts.",
                )
                .answers_as(200, "The page.", "text/html; charset=utf-8", text(), None)
            },
        ),
    ]
}
