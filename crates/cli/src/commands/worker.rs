//! `stint worker`: logs pings and runs tasks until it is told to stop. Any number of them may run.

use std::process::ExitCode;

use actix_web::rt;
use anyhow::Result;

use super::signals::Signals;
use crate::background::Background;
use crate::service_manager::ServiceManager;
use crate::version::VERSION;
use crate::wiring::Ports;
use crate::{memory, metrics, open_files};

const EXAMPLES: &str = "\
SIGTERM or SIGINT: the current pings are logged and settled, a running task is stopped and retried. A second signal
stops the worker at once, which loses nothing either.

Examples:
  STINT_DATABASE_URL=postgres://stint@db/stint stint worker
  STINT_REDIS_URL=redis://:PASSWORD@queue:6379 stint worker
  STINT_WORKER__METRICS_LISTEN=127.0.0.1:9466 stint worker    a second one on this host";

/// Log pings that wait in the queue, and run tasks at their times
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        let configuration = super::configure()?;
        let settings = &configuration.settings;
        open_files::raise();
        memory::keep_giving_back();
        let manager = ServiceManager::of_process();
        manager.status("connecting to the database");
        let mut registry = metrics::registry();
        let ports = Ports::connect(settings, registry.sub_registry_with_prefix("stint")).await?;
        ports.require_schema().await?;

        let mut signals = Signals::install()?;
        let background = Background::prepare(settings, &ports, &mut registry, true);
        let listen = settings.worker.metrics_listen;
        let (metrics, metrics_address) = metrics::server(listen, "worker.metrics_listen", registry)?;
        rt::spawn(metrics);
        let background = background.start();
        tracing::info!(
            metrics = %metrics_address, environment = %configuration.environment, database = %settings.database.url,
            redis = %settings.redis.url, version = VERSION, "working"
        );

        tokio::select! {
            signal = signals.next() => tracing::info!(signal, "finishing"),
            never = manager.accompany("working") => match never {},
        }
        tokio::select! {
            never = manager.see_off("finishing the current pings") => match never {},
            () = async {
                background.stop().await;
                ports.end_statements().await;
            } => tracing::info!("stopped"),
            signal = signals.next() => {
                tracing::warn!(signal, "stopped at once; another worker will take the unsettled pings");
                // Returning would wait for statements that still run.
                std::process::exit(1);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
