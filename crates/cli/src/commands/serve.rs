//! `stint serve`: answers requests until it is told to stop.

mod development;
mod draining;
mod handover;
mod inherited;
mod listener;

use std::process::ExitCode;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::rt;
use anyhow::{Context, Result, anyhow};
use stint_web::HttpMetrics;
use tokio::time::sleep;

use self::draining::Draining;
use self::listener::Listener;
use super::signals::Signals;
use crate::background::Background;
use crate::probe::Target;
use crate::server::Counted;
use crate::service_manager::ServiceManager;
use crate::settings::HttpSettings;
use crate::version::VERSION;
use crate::wiring::Ports;
use crate::{memory, metrics, open_files};

const EXAMPLES: &str = "\
SIGTERM or SIGINT: /readyz turns 503, new connections are refused, requests in flight finish. A second one stops at once.

Examples:
  STINT_DATABASE_URL=postgres://stint@db/stint stint serve
  STINT_HTTP__LISTEN=unix:/run/stint/stint.sock stint serve
  STINT_HTTP__LISTEN=systemd stint serve    on the socket of a socket unit, so that a restart refuses no connection
  STINT_ENV=development stint serve    SQLite under .stint/, migrates, makes an admin token";

/// Serve the REST API
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        let configuration = super::configure()?;
        let (environment, settings) = (configuration.environment, &configuration.settings);
        open_files::raise();
        memory::keep_giving_back();
        let inherited = inherited::take(&settings.http.listen)?;
        let manager = ServiceManager::of_process();
        manager.status("connecting to the database");
        let mut registry = metrics::registry();
        let ports = Ports::connect(settings, registry.sub_registry_with_prefix("stint")).await?;
        let first_link = if environment.is_development() {
            Some(development::prepare(&ports).await?)
        } else {
            ports.require_schema().await?;
            None
        };

        // Before any client can reach the service.
        let mut signals = Signals::install()?;
        let draining = Arc::new(Draining::new(ports.health.clone()));
        let api = ports.api(&configuration, draining.clone(), HttpMetrics::new(&mut registry))?;
        let counted = Counted::new(&mut registry);
        let works = configuration.works_in_serve();
        let background = Background::prepare(settings, &ports, &mut registry, works);
        let (metrics, metrics_address) = metrics::server(settings.metrics.listen, "metrics.listen", registry)?;
        let (server, listener) = listener::server(&settings.http, inherited, counted, api)?;
        let handle = server.handle();
        let mut serving = rt::spawn(server);
        rt::spawn(metrics);
        let background = background.start();

        tracing::info!(
            address = %listener.address, metrics = %metrics_address, %environment, database = %settings.database.url,
            worker = works, version = VERSION, "listening"
        );
        if !works {
            tracing::info!("this process does not log pings; they wait until `stint worker` runs");
        }
        if let Some(secret) = first_link {
            development::show_first_steps(&settings.http, &listener.address, &secret)?;
        }

        let own = Target::of(&listener.address).context("cannot tell where the service listens (http.listen)")?;
        let status = format!("serving on {}", listener.address);
        let signal = tokio::select! {
            ended = &mut serving => return Err(anyhow!("the server ended by itself: {ended:?}")),
            signal = signals.next() => signal,
            never = manager.follow(&own, &status) => match never {},
        };
        draining.begin();
        tracing::info!(signal, "draining");
        tokio::select! {
            never = manager.see_off("draining: requests in flight finish") => match never {},
            () = async {
                tokio::join!(stop(&handle, &listener, &settings.http), background.stop());
                ports.end_statements().await;
            } => tracing::info!("stopped"),
            signal = signals.next() => {
                tracing::warn!(signal, "stopped at once; requests in flight were cut off");
                listener.remove();
                // Returning would wait for statements that still run.
                std::process::exit(1);
            }
        }
        listener.remove();
        Ok(ExitCode::SUCCESS)
    }
}

/// Serves until balancers have stopped sending requests, then accepts no more and finishes the requests in flight.
async fn stop(server: &ServerHandle, listener: &Listener, settings: &HttpSettings) {
    sleep(settings.drain_delay.0).await;
    server.pause().await;
    listener.handover.complete().await;
    server.stop(true).await;
}
