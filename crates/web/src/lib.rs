//! Stint over HTTP: the REST API, its problems, and the OpenAPI document that describes both.
//!
//! This crate turns requests into calls of the domain's services, and their outcomes into responses. It knows no
//! database: what it needs stands in [`Api`], and the binary fills it in.
//!
//! # Where to find what
//!
//! - `api/`: one file per resource with its bodies and handlers; its `routes` have one entry per route: method, path,
//!   handler, description. From these come the router, the `Allow` header, the metrics' labels and the OpenAPI
//!   document.
//! - `exchange`: what happens around every handler (request id, time limit, panics, access line, metrics).
//! - `body`, `media`, `json`, `input`, `query`, `conditional`, `idempotency`, `cursor`: how each part of a request is
//!   read. A body is declared once, by `input!`, which makes its reader, its schema and its example.
//! - `pieces`, `wanted`: what bounds the memory of a connection. Large answers are sent piece by piece, under a budget,
//!   and no body is read before its handler wants it.
//! - `problem`: RFC 9457, with the catalogue of codes; `problem/refusals` says what each refusal of the domain becomes.
//! - `forms`: the pages on which people sign in and use links.
//! - `auth`: who is acting. `session_cookie` carries a session, and `cross_site` keeps other sites from using it.
//! - `surface`: how the API looks from outside: `base_path` (below a proxy's path), `public_url`, `cors` (pages of other
//!   sites), `proxies` (whom to believe where a request comes from).
//! - `secrecy`: keeps secrets that stand in URLs out of messages.
//!
//! Deliberately absent: TLS (a proxy's task), compression of answers, rate limits (not there yet), and any request body
//! that is read before its sender is known.

#![warn(missing_docs)]

mod api;
mod auth;
mod base_path;
mod body;
mod conditional;
mod cors;
mod cross_site;
mod cursor;
mod docs;
mod endpoint;
mod etag;
mod excerpt;
mod exchange;
mod forms;
mod idempotency;
mod input;
mod json;
mod limits;
mod media;
mod metrics;
mod moment;
mod openapi;
mod percent;
mod pieces;
mod problem;
mod proxies;
mod public_url;
mod query;
mod request_id;
mod secrecy;
mod session_cookie;
mod surface;
#[cfg(test)]
mod test;
mod wanted;

use std::rc::Rc;
use std::sync::Arc;

use actix_web::body::BoxBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::web::ServiceConfig;
use actix_web::{App, Error};
use stint_domain::access::services::AccessServices;
use stint_domain::background::services::TaskService;
use stint_domain::capture::services::CaptureServices;
use stint_domain::ledger::services::LedgerServices;
use stint_domain::people::services::PeopleServices;
use stint_domain::timers::services::TimerService;
use stint_domain::{HealthCheck, IdGenerator};

use problem::{Code, Problem};

pub use api::document;
pub use base_path::{BasePath, BasePathError};
pub use body::BodyBudget;
pub use cors::{CorsOrigins, CorsOriginsError};
pub use limits::Limits;
pub use metrics::HttpMetrics;
pub use proxies::{TrustedProxies, TrustedProxiesError};
pub use public_url::{PublicUrl, PublicUrlError};
pub use surface::Surface;
pub use wanted::BodyWanted;

/// What the API needs. Cloning is cheap; every worker thread gets a clone.
#[derive(Clone)]
pub struct Api {
    /// Use cases on jobs and time entries.
    pub ledger: LedgerServices,
    /// Use cases on pings and on capture tokens.
    pub capture: CaptureServices,
    /// Use cases on tokens; among them, who is acting with a secret.
    pub access: AccessServices,
    /// Use cases on people.
    pub people: PeopleServices,
    /// Use cases on timers.
    pub timers: TimerService,
    /// Use cases on runs of background tasks.
    pub tasks: TaskService,
    /// Whether requests can be served.
    pub health: Arc<dyn HealthCheck>,
    /// Makes request ids.
    pub ids: Arc<dyn IdGenerator>,
    /// How the API looks from outside.
    pub surface: Surface,
    /// How much of everything one request may take.
    pub limits: Limits,
    /// How much memory the bodies of all requests may take together.
    pub bodies: BodyBudget,
    /// Whether a 5xx problem names its causes: only in development.
    pub show_causes: bool,
    /// The counters of requests.
    pub metrics: HttpMetrics,
}

/// The body of the answer to a connection that is one too many: a problem.
pub fn too_many_connections() -> Vec<u8> {
    let problem = Problem::new(Code::Unavailable, "the service has as many connections as it takes");
    // Text and numbers always serialise.
    serde_json::to_vec(&problem.as_result()).unwrap_or_default()
}

/// The API's routes, to stand beside those of another front: `App::new().configure(stint_web::configure(api))`.
///
/// The other front's routes are its own, with all that happens around their requests. A request that no route takes is
/// answered by the front that was configured last, if it names a default service, as this one does; below `/api/` it is
/// always this one.
pub fn configure(api: Api) -> impl FnOnce(&mut ServiceConfig) {
    move |config| endpoint::register(config, &Rc::new(api), &api::endpoints())
}

/// The API alone. Made once per worker: `HttpServer::new(move || stint_web::app(api.clone()))`.
pub fn app(
    api: Api,
) -> App<
    impl ServiceFactory<ServiceRequest, Config = (), Response = ServiceResponse<BoxBody>, Error = Error, InitError = ()>,
> {
    App::new().configure(configure(api))
}
