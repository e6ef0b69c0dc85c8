//! Jobs, time entries, and many entries at once.

pub(in crate::api) mod batch;
pub(in crate::api) mod jobs;
pub(in crate::api) mod time_entries;

use actix_web::http::Method;

use self::jobs::JOBS;
use self::time_entries::TIME_ENTRIES;
use crate::endpoint::Endpoint;

/// The routes to jobs and time entries.
pub(super) fn endpoints() -> Vec<Endpoint> {
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
    ]
}
