//! `stint token`: who may use the API. There is no permission check: anyone who can run this has access to the
//! database.

mod create;
mod expiry;
mod list;
mod revoke;

use std::process::ExitCode;

use anyhow::Result;
use clap::Subcommand;

const EXAMPLES: &str = "\
Examples:
  stint token create --name ci --scopes read,write
  stint token create --name payroll --scopes read --expires 90d
  stint token create --name editor --capture new-projects
  stint token list
  stint token revoke 019303a2-6f6e-7d30-9c43-2f1d5a0a7f11";

/// Create, list and revoke API tokens
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    Create(create::Args),
    List(list::Args),
    Revoke(revoke::Args),
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let ports = super::connect().await?;
        ports.require_schema().await?;
        match self.action {
            Action::Create(args) => args.run(&ports).await?,
            Action::List(args) => args.run(&ports).await?,
            Action::Revoke(args) => args.run(&ports).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
