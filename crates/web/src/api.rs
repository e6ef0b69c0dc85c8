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

use actix_web::http::Method;

use crate::endpoint::Endpoint;
use crate::problem::ErrorForm;

/// Where jobs are.
pub(crate) const JOBS: &str = "/api/v1/jobs";
/// Where time entries are.
pub(crate) const TIME_ENTRIES: &str = "/api/v1/time-entries";

/// Where tokens that capture are.
pub(crate) const CAPTURE_TOKENS: &str = "/api/v1/capture-tokens";
/// Where pings are looked at.
pub(crate) const PINGS: &str = "/api/v1/pings";
/// Where runs of tasks are.
pub(crate) const TASKS: &str = "/api/v1/tasks";
/// Where everything for editor plugins is.
pub(crate) const WAKATIME: &str = "/api/wakatime/";

/// In which form errors are told at this path.
pub(crate) fn errors_at(path: &str) -> ErrorForm {
    if path.starts_with(WAKATIME) { ErrorForm::Plain } else { ErrorForm::Problem }
}

/// Every route there is. Endpoints of one path stand together; of two paths that match, the first one counts.
///
/// The router looks at them in this order, and most requests are pings where there are any.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    let features = [capture::sending(), ledger::endpoints(), capture::endpoints(), background::endpoints()];
    features.into_iter().flatten().chain(of_the_service()).collect()
}

/// The routes to the service itself.
fn of_the_service() -> Vec<Endpoint> {
    vec![
        Endpoint::new(Method::GET, "/healthz", health::alive, health::describe::alive),
        Endpoint::new(Method::GET, "/readyz", health::ready, health::describe::ready),
        Endpoint::new(Method::GET, "/openapi.json", reference::openapi, reference::describe::openapi),
        Endpoint::new(Method::GET, "/docs", reference::docs, reference::describe::docs),
    ]
}
