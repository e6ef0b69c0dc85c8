//! `stint task`: runs a background task now, and lists past runs.

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
  stint task list                   past runs, latest first
  stint task run verify_totals      run it now";

/// Run background tasks now, and list past runs
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    List(list::Args),
    /// Run a task now; the run is recorded, and a worker retries it if it fails or is stopped (Ctrl-C)
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
        let (state, detail) = ended?.context("another process is running the task")?;
        output::line(format_args!("{state}: {detail}"))?;
        Ok(if state == TaskState::Succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}
