//! The API: the table of its routes, and what its resources share.

mod answer;
mod background;
mod capture;
mod change;
mod health;
mod ledger;
mod reference;
#[cfg(test)]
mod tests;

use std::future::ready;

use actix_web::http::Method;
use utoipa::openapi::OpenApi;

use crate::base_path::BasePath;
use crate::endpoint::Endpoint;
use crate::openapi;

#[cfg(test)]
pub(crate) use ledger::jobs::JOBS;

/// The OpenAPI document, of a service at the root.
pub fn document() -> OpenApi {
    document_below(&BasePath::default())
}

/// The same, of a service below this path.
pub(crate) fn document_below(base: &BasePath) -> OpenApi {
    let endpoints = endpoints();
    openapi::document(base, endpoints.iter().map(|it| (&it.method, it.path, (it.describe)())))
}

/// Every route there is. Endpoints of one path stand together; of two paths that match, the first one counts.
///
/// The router tries them in this order. Pings come first, because they are the most frequent requests.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let features = [capture::sending(), ledger::endpoints(), capture::endpoints(), background::endpoints()];
    features.into_iter().flatten().chain(of_the_service()).collect()
}

/// The routes to the service itself.
fn of_the_service() -> Vec<Endpoint> {
    let openapi = |call| ready(reference::openapi(&call, document_below));
    let docs = |call| ready(reference::docs(&call, document_below));
    vec![
        Endpoint::new(Method::GET, "/healthz", health::alive, health::describe::alive),
        Endpoint::new(Method::GET, "/readyz", health::ready, health::describe::ready),
        Endpoint::new(Method::GET, "/openapi.json", openapi, reference::describe::openapi),
        Endpoint::new(Method::GET, "/docs", docs, reference::describe::docs),
    ]
}
