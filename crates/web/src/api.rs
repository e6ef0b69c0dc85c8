//! The API: all its routes in order, and what its resources share.

mod access;
mod answer;
mod background;
mod capture;
mod forms;
mod health;
mod ledger;
mod people;
mod reference;
mod resource;
#[cfg(test)]
mod tests;
mod timers;

use utoipa::openapi::OpenApi;

use self::background::tasks;
use self::capture::ping;
use crate::base_path::BasePath;
use crate::endpoint::Endpoint;
use crate::openapi;

#[cfg(test)]
pub(crate) use ledger::jobs::JOBS;

/// The OpenAPI document of a service below this path.
pub fn document(base: &BasePath) -> OpenApi {
    let endpoints = endpoints();
    openapi::document(base, endpoints.iter().map(|it| (&it.method, it.path, (it.describe)())))
}

/// Every route there is. Endpoints of one path stand together; if two paths match, the first one counts. The router
/// tries them in this order: pings come first, because they are the most frequent requests.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let of_features = ping::routes::all().into_iter().chain(ledger::routes()).chain(capture::routes());
    let of_features = of_features.chain(timers::routes()).chain(people::routes()).chain(access::routes());
    let of_the_service = health::routes::all().into_iter().chain(reference::routes::all(document));
    of_features.chain(forms::routes::all()).chain(tasks::routes::all()).chain(of_the_service).collect()
}
