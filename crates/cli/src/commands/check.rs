//! `stint check`: questions that an operator asks before and after a deployment.

mod deploy;
mod finding;
mod health;
mod totals;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

const EXAMPLES: &str = "\
Examples:
  stint check deploy    is this fit to be deployed? every finding with its fix
  stint check totals    does every job's total equal the sum of its entries?
  stint check health    is the running service ready?

Exit status 1 when something serious was found.";

/// Check the deployment, the data or the running service
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Settings, files, database and tokens, as a deployment needs them
    #[command(
        after_help = "Examples:\n  STINT_CONFIG=/etc/stint/stint.toml stint check deploy && systemctl restart stint"
    )]
    Deploy,
    /// Every job's total against the sum of its entries
    #[command(after_help = "Examples:\n  stint check totals || page-somebody")]
    Totals,
    Health(health::Args),
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        match self.what {
            What::Deploy => deploy::run().await,
            What::Totals => totals::run().await,
            What::Health(args) => args.run().await,
        }
    }
}
