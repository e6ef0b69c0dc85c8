//! `stint migrate`: runs, reverts or lists migrations.

use std::process::ExitCode;

use anyhow::Result;

use crate::output;

const EXAMPLES: &str = "\
Examples:
  stint migrate            run the missing migrations
  stint migrate --status   list every migration and whether it has run
  stint migrate --down     revert the newest one; the data that it added is lost";

/// Bring the database's schema up to this release
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// List every migration and whether it has run; changes nothing
    #[arg(long, conflicts_with = "down")]
    status: bool,
    /// Revert the newest migration
    #[arg(long)]
    down: bool,
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let migrator = super::connect().await?.migrator;
        if self.status {
            for migration in migrator.status().await? {
                let state = match (migration.applied, migration.embedded) {
                    (true, true) => "applied",
                    (true, false) => "newer release",
                    (false, _) => "missing",
                };
                output::line(format_args!("{state:<14}{}", migration.name))?;
            }
        } else if self.down {
            match migrator.down().await? {
                Some(name) => output::line(format_args!("reverted {name}"))?,
                None => output::line("nothing to revert")?,
            }
        } else {
            let ran = migrator.up().await?;
            for name in &ran {
                output::line(format_args!("ran {name}"))?;
            }
            if ran.is_empty() {
                output::line("nothing to run")?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
