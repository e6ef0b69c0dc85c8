//! `/metrics`: the registry in Prometheus' text format, on a listener of its own, so that it is never public by
//! accident. What is counted is each layer's own business; memory and processor time are the operating system's to tell.

use std::net::SocketAddr;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer, error};
use anyhow::{Context, Result};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::version::VERSION;

/// A registry that says which release it is of.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.register("stint_build", "The release", Info::new([("version", VERSION)]));
    registry
}

/// Binds the listener, which `key` names. One thread is enough for a reader every few seconds.
pub(crate) fn server(listen: SocketAddr, key: &str, registry: Registry) -> Result<(Server, SocketAddr)> {
    let registry = Data::from(Arc::new(registry));
    let server = HttpServer::new(move || App::new().app_data(registry.clone()).route("/metrics", web::get().to(show)))
        .workers(1)
        .disable_signals()
        .bind(listen)
        .with_context(|| format!("cannot listen on {listen} ({key})"))?;
    let bound = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), bound))
}

async fn show(registry: Data<Registry>) -> actix_web::Result<HttpResponse> {
    let mut text = String::new();
    encode(&mut text, &registry).map_err(error::ErrorInternalServerError)?;
    Ok(HttpResponse::Ok().content_type("application/openmetrics-text; version=1.0.0; charset=utf-8").body(text))
}
