//! `/metrics`: the registry in Prometheus' text format, on a listener of its own, so that it is never public by
//! accident. Each layer decides what it counts. For memory and processor time, ask the operating system.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, error};
use anyhow::{Context, Result};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::server::{self, Counted, ServerSettings, Socket};
use crate::version::VERSION;

/// A registry that already names the release.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register("stint_build", "The release", Info::new([("version", VERSION)]));
    registry
}

/// Enough for a reader that asks every few seconds.
const SETTINGS: ServerSettings = ServerSettings {
    workers: 1,
    max_connections: 100,
    header_timeout: Duration::from_secs(5),
    keep_alive: Duration::from_secs(5),
    write_timeout: Duration::from_secs(10),
    shutdown_timeout: 30,
};

/// Binds the listener. `key` is the setting's name, for errors.
pub(crate) fn server(listen: SocketAddr, key: &str, registry: Registry) -> Result<(Server, SocketAddr)> {
    let failed = || format!("cannot listen on {listen} ({key})");
    let (socket, bound) = Socket::bind(listen).with_context(failed)?;
    let registry = Data::from(Arc::new(registry));
    let app = move || App::new().app_data(registry.clone()).route("/metrics", web::get().to(show));
    // Connections for metrics are not counted.
    let server = server::server(SETTINGS, socket, Counted::default(), app).with_context(failed)?;
    Ok((server, bound))
}

async fn show(registry: Data<Registry>) -> actix_web::Result<HttpResponse> {
    let mut text = String::new();
    encode(&mut text, &registry).map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
