//! Pings, the tokens that send them, and the protocol of WakaTime's plugins.

pub(in crate::api) mod capture_tokens;
pub(in crate::api) mod ping;
pub(in crate::api) mod pings;
pub(in crate::api) mod wakatime;

use actix_web::http::Method;

use self::capture_tokens::CAPTURE_TOKENS;
use crate::endpoint::Endpoint;

/// The routes by which pings are sent.
pub(super) fn sending() -> Vec<Endpoint> {
    const SEND: &str = "/ping/{token}";
    vec![
        Endpoint::new(Method::GET, SEND, ping::by_get, ping::describe::by_get),
        Endpoint::new(Method::POST, SEND, ping::by_post, ping::describe::by_post),
    ]
}

/// All other routes to captured time.
pub(super) fn endpoints() -> Vec<Endpoint> {
    const TOKENS_OF_JOB: &str = "/api/v1/jobs/{id}/capture-tokens";
    const CAPTURE_TOKEN: &str = "/api/v1/capture-tokens/{id}";
    const PINGS: &str = "/api/v1/pings";
    const PING: &str = "/api/v1/pings/{id}";
    const WAKATIME_BASE: &str = "/api/wakatime/v1";
    const HEARTBEATS: &str = "/api/wakatime/v1/users/current/heartbeats";
    const HEARTBEATS_BULK: &str = "/api/wakatime/v1/users/current/heartbeats.bulk";
    const USER: &str = "/api/wakatime/v1/users/current";
    const SUMMARIES: &str = "/api/wakatime/v1/users/current/summaries";
    const STATUSBAR: &str = "/api/wakatime/v1/users/current/statusbar/today";
    const PLUGIN_ERRORS: &str = "/api/wakatime/v1/plugins/errors";
    vec![
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
    ]
}
