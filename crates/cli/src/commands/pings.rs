//! `stint pings`: the pings that could not be logged. The API lists the others.

mod dead;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;
use stint_domain::capture::ports::ping_queue::Receipt;

use super::connect;
use crate::output;

const EXAMPLES: &str = "\
Examples:
  stint pings dead              why pings were set aside
  stint pings replay --all      put them back, once the cause is fixed";

/// List and replay pings that could not be logged
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Dead(dead::Args),
    /// Put pings that were set aside back into the queue; a ping that was logged meanwhile counts once
    #[command(
        after_help = "Examples:\n  stint pings replay --all\n  stint pings replay 42 43    receipts, as `stint pings dead` shows them"
    )]
    Replay {
        /// Replay all pings that were set aside
        #[arg(long, conflicts_with = "receipts", required_unless_present = "receipts")]
        all: bool,
        /// Replay only these
        #[arg(value_name = "RECEIPT")]
        receipts: Vec<String>,
    },
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let ports = connect().await?;
        ports.require_schema().await?;
        match self.action {
            Action::Dead(args) => args.run(&ports).await?,
            Action::Replay { all, receipts } => {
                let named = receipts.len() as u64;
                let which = (!all).then(|| receipts.into_iter().map(Receipt).collect());
                let replayed = ports.capture.queue.replay(which).await?;
                output::line(format_args!("put back: {replayed}"))?;
                if replayed < named {
                    output::hint(format_args!("receipts of no ping that was set aside: {}", named - replayed))?;
                    return Ok(ExitCode::FAILURE);
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
