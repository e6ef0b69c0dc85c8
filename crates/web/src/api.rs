//! The API: the table of its routes, and what its resources share.

mod answer;
pub(crate) mod batch;
pub(crate) mod health;
pub(crate) mod jobs;
pub(crate) mod reference;
pub(crate) mod time_entries;

use actix_web::http::Method;

use crate::endpoint::Endpoint;

/// Where jobs are.
pub(crate) const JOBS: &str = "/api/v1/jobs";
/// Where time entries are.
pub(crate) const TIME_ENTRIES: &str = "/api/v1/time-entries";

/// Every route there is. Endpoints of one path stand together; of two paths that match, the first one counts.
pub(crate) fn endpoints() -> Vec<Endpoint> {
    const JOB: &str = "/api/v1/jobs/{id}";
    const ENTRIES_OF_JOB: &str = "/api/v1/jobs/{id}/time-entries";
    const BATCH: &str = "/api/v1/time-entries/batch";
    const TIME_ENTRY: &str = "/api/v1/time-entries/{id}";
    vec![
        Endpoint::new(Method::GET, JOBS, jobs::list, jobs::describe::list),
        Endpoint::new(Method::POST, JOBS, jobs::create, jobs::describe::create),
        Endpoint::new(Method::GET, JOB, jobs::read, jobs::describe::read),
        Endpoint::new(Method::PUT, JOB, jobs::put, jobs::describe::put),
        Endpoint::new(Method::PATCH, JOB, jobs::patch, jobs::describe::patch),
        Endpoint::new(Method::DELETE, JOB, jobs::delete, jobs::describe::delete),
        Endpoint::new(Method::GET, ENTRIES_OF_JOB, time_entries::list_of_job, time_entries::describe::list_of_job),
        Endpoint::new(Method::POST, ENTRIES_OF_JOB, time_entries::record, time_entries::describe::record),
        Endpoint::new(Method::GET, TIME_ENTRIES, time_entries::list, time_entries::describe::list),
        Endpoint::new(Method::POST, BATCH, batch::record, batch::describe::record),
        Endpoint::new(Method::GET, TIME_ENTRY, time_entries::read, time_entries::describe::read),
        Endpoint::new(Method::PUT, TIME_ENTRY, time_entries::put, time_entries::describe::put),
        Endpoint::new(Method::PATCH, TIME_ENTRY, time_entries::patch, time_entries::describe::patch),
        Endpoint::new(Method::DELETE, TIME_ENTRY, time_entries::delete, time_entries::describe::delete),
        Endpoint::new(Method::GET, "/healthz", health::alive, health::describe::alive),
        Endpoint::new(Method::GET, "/readyz", health::ready, health::describe::ready),
        Endpoint::new(Method::GET, "/openapi.json", reference::openapi, reference::describe::openapi),
        Endpoint::new(Method::GET, "/docs", reference::docs, reference::describe::docs),
    ]
}
