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

use self::background::tasks;
use self::capture::{capture_tokens, ping, pings, wakatime};
use self::ledger::{batch, jobs, time_entries};
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
pub(crate) fn endpoints() -> Vec<Endpoint> {
    const JOB: &str = "/api/v1/jobs/{id}";
    const ENTRIES_OF_JOB: &str = "/api/v1/jobs/{id}/time-entries";
    const BATCH: &str = "/api/v1/time-entries/batch";
    const TOKENS_OF_JOB: &str = "/api/v1/jobs/{id}/capture-tokens";
    const CAPTURE_TOKEN: &str = "/api/v1/capture-tokens/{id}";
    const PING: &str = "/api/v1/pings/{id}";
    const SEND: &str = "/ping/{token}";
    const WAKATIME_BASE: &str = "/api/wakatime/v1";
    const HEARTBEATS: &str = "/api/wakatime/v1/users/current/heartbeats";
    const HEARTBEATS_BULK: &str = "/api/wakatime/v1/users/current/heartbeats.bulk";
    const USER: &str = "/api/wakatime/v1/users/current";
    const SUMMARIES: &str = "/api/wakatime/v1/users/current/summaries";
    const STATUSBAR: &str = "/api/wakatime/v1/users/current/statusbar/today";
    const PLUGIN_ERRORS: &str = "/api/wakatime/v1/plugins/errors";
    const TIME_ENTRY: &str = "/api/v1/time-entries/{id}";
    vec![
        // The router looks at routes in this order, and most requests are pings where there are any.
        Endpoint::new(Method::GET, SEND, ping::by_get, ping::describe::by_get),
        Endpoint::new(Method::POST, SEND, ping::by_post, ping::describe::by_post),
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
        Endpoint::new(Method::GET, PINGS, pings::list, pings::describe::list),
        Endpoint::new(Method::GET, PING, pings::read, pings::describe::read),
        Endpoint::new(Method::DELETE, PING, pings::retract, pings::describe::retract),
        Endpoint::new(Method::GET, TOKENS_OF_JOB, capture_tokens::list_of_job, capture_tokens::describe::list_of_job),
        Endpoint::new(
            Method::POST,
            TOKENS_OF_JOB,
            capture_tokens::create_of_job,
            capture_tokens::describe::create_of_job,
        ),
        Endpoint::new(Method::GET, CAPTURE_TOKENS, capture_tokens::list, capture_tokens::describe::list),
        Endpoint::new(Method::POST, CAPTURE_TOKENS, capture_tokens::create, capture_tokens::describe::create),
        Endpoint::new(Method::GET, CAPTURE_TOKEN, capture_tokens::read, capture_tokens::describe::read),
        Endpoint::new(Method::PATCH, CAPTURE_TOKEN, capture_tokens::patch, capture_tokens::describe::patch),
        Endpoint::new(Method::DELETE, CAPTURE_TOKEN, capture_tokens::revoke, capture_tokens::describe::revoke),
        Endpoint::new(Method::POST, HEARTBEATS_BULK, wakatime::heartbeats, wakatime::describe::heartbeats),
        Endpoint::new(Method::POST, WAKATIME_BASE, wakatime::heartbeats, wakatime::describe::heartbeats_to_base),
        Endpoint::new(Method::POST, HEARTBEATS, wakatime::heartbeats, wakatime::describe::heartbeat),
        Endpoint::new(Method::GET, USER, wakatime::user, wakatime::describe::user),
        Endpoint::new(Method::GET, SUMMARIES, wakatime::summaries, wakatime::describe::summaries),
        Endpoint::new(Method::GET, STATUSBAR, wakatime::statusbar, wakatime::describe::statusbar),
        Endpoint::new(Method::POST, PLUGIN_ERRORS, wakatime::plugin_errors, wakatime::describe::plugin_errors),
        Endpoint::new(Method::GET, TASKS, tasks::list, tasks::describe::list),
        Endpoint::new(Method::GET, "/healthz", health::alive, health::describe::alive),
        Endpoint::new(Method::GET, "/readyz", health::ready, health::describe::ready),
        Endpoint::new(Method::GET, "/openapi.json", reference::openapi, reference::describe::openapi),
        Endpoint::new(Method::GET, "/docs", reference::docs, reference::describe::docs),
    ]
}
