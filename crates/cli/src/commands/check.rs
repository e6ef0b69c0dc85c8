//! `stint check`: checks for an operator before and after a deployment.

mod deploy;
mod finding;
mod health;
mod totals;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

const EXAMPLES: &str = "\
Examples:
  stint check deploy    is this ready to be deployed? every finding with its fix
  stint check totals    does every job's total equal the sum of its entries?
  stint check health    is the running service ready?

Exit status 1 if a finding is serious.";

/// Check the deployment, the data or the running service
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check settings, files, database and tokens for a deployment
    #[command(
        after_help = "Examples:\n  STINT_CONFIG=/etc/stint/stint.toml stint check deploy && systemctl restart stint"
    )]
    Deploy,
    /// Compare every job's total with the sum of its entries
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
