//! `stint settings`: the values in force.

use std::process::ExitCode;

use anyhow::Result;

use crate::output;
use crate::settings::{Configuration, Surroundings};

const EXAMPLES: &str = "\
Examples:
  stint settings
  STINT_ENV=development stint settings
  STINT_CONFIG=/etc/stint/stint.toml stint settings";

/// Show the settings in force and where each comes from, with secrets masked
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        let configuration = Configuration::load(&Surroundings::of_process())?;
        let shown: Vec<_> = configuration
            .in_force()
            .map(|setting| (format!("{} = {}", setting.key.path, setting.value), setting.source))
            .collect();
        let width = shown.iter().map(|(setting, _)| setting.chars().count()).max().unwrap_or_default();
        output::line(format_args!("# environment: {}", configuration.environment))?;
        for (setting, source) in shown {
            output::line(format_args!("{setting:<width$}  # {source}"))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}
