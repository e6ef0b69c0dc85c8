//! Tasks' runs.

pub(in crate::api) mod tasks;

use actix_web::http::Method;

use crate::endpoint::Endpoint;

/// The routes to background work.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![Endpoint::new(Method::GET, "/api/v1/tasks", tasks::list, tasks::describe::list)]
}
