//! `stint task`: background tasks by hand, and how they ran.

mod list;

use std::pin::pin;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Subcommand;
use stint_domain::background::ports::task::TaskState;
use stint_worker::{Stop, TaskMetrics};

use super::configure;
use super::signals::Signals;
use crate::wiring::Ports;
use crate::{background, metrics, output};

const EXAMPLES: &str = "\
Examples:
  stint task list                   how tasks ran, latest first
  stint task run verify_totals      now, whatever its time";

/// Run background tasks by hand, and list how they ran
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Args),
    /// Run a task now; the run is recorded, and tried again by a worker when it fails or is stopped (Ctrl-C)
    #[command(after_help = "Examples:\n  stint task run prune_pings")]
    Run {
        /// The task's name, as in `[tasks]` of the settings
        name: String,
    },
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let configuration = configure()?;
        let settings = &configuration.settings;
        let mut registry = metrics::registry();
        let ports = Ports::connect(settings, &mut registry).await?;
        ports.require_schema().await?;
        let name = match self.action {
            Action::List(args) => {
                args.run(&ports).await?;
                return Ok(ExitCode::SUCCESS);
            }
            Action::Run { name } => name,
        };
        let metrics = TaskMetrics::new(&mut registry);
        let tasks = background::tasks(settings, &ports, &metrics).map(|(task, _)| task);
        let Some(task) = tasks.iter().find(|task| task.name() == name) else {
            bail!("there is no task {name}; there are {}", tasks.map(|task| task.name()).join(", "));
        };
        let runner = background::runner(&ports, background::instance(&ports), metrics);
        let (stop, shutdown) = Stop::new();
        let mut signals = Signals::install()?;
        let mut running = pin!(runner.run(task, ports.sources.clock.now(), 1, &shutdown));
        let ended = tokio::select! {
            ended = &mut running => ended,
            _ = signals.next() => {
                stop.request();
                let ended = running.await;
                ports.end_statements().await;
                ended
            }
        };
        let (state, detail) = ended?.context("another process runs it at this very moment")?;
        output::line(format_args!("{state}: {detail}"))?;
        Ok(if state == TaskState::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
