//! `stint check health`, for scripts and containers: does the running service or worker answer?

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::output;
use crate::probe::{Answer, Target};
use crate::settings::{Configuration, Listen, Settings, Surroundings};

/// Longer than a healthy service takes, and short enough for callers that ask every few seconds.
const LIMIT: Duration = Duration::from_secs(3);

/// Ask whether the running service is ready
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  stint check health             asks /readyz at http.listen; exit status 1 unless the service is ready
  stint check health --worker    asks for the worker's metrics at worker.metrics_listen
  STINT_HTTP__LISTEN=unix:/run/stint/stint.sock stint check health    if systemd holds the socket")]
pub(super) struct Args {
    /// Ask the worker instead
    #[arg(long)]
    worker: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let settings = Configuration::load(&Surroundings::of_process())?.settings;
        let (target, address, path) = if self.worker { worker(&settings)? } else { service(&settings)? };
        let (word, ready) = match target.get(path, LIMIT).await {
            Ok(Answer { status: 200, .. }) => ("healthy".to_owned(), true),
            Ok(Answer { status, body }) => (format!("{path} answered {status}{}", reason(&body)), false),
            Err(error) => (format!("cannot ask: {error}"), false),
        };
        output::line(format_args!("{address}: {word}"))?;
        Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

fn service(settings: &Settings) -> Result<(Target, String, &'static str)> {
    let listen = &settings.http.listen;
    let Some(target) = Target::of(listen) else {
        bail!(
            "http.listen is systemd, so its address is unknown; set STINT_HTTP__LISTEN for this command, for \
             example to unix:/run/stint/stint.sock"
        );
    };
    if let Listen::Tcp(address) = listen {
        known("http.listen", *address)?;
    }
    Ok((target, listen.to_string(), "/readyz"))
}

fn worker(settings: &Settings) -> Result<(Target, String, &'static str)> {
    let address = settings.worker.metrics_listen;
    known("worker.metrics_listen", address)?;
    Ok((Target::of_address(address), address.to_string(), "/metrics"))
}

fn known(key: &str, address: SocketAddr) -> Result<()> {
    if address.port() == 0 {
        bail!("{key} is {address}: the system chose the port; set it for this command");
    }
    Ok(())
}

/// The detail of a problem.
fn reason(body: &str) -> String {
    let problem: serde_json::Value = serde_json::from_str(body).unwrap_or_default();
    problem["detail"].as_str().map(|detail| format!(": {detail}")).unwrap_or_default()
}
