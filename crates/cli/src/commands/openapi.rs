//! `stint openapi`: the API's description, without a running service.

use std::process::ExitCode;

use anyhow::Result;
use stint_web::BasePath;

use crate::output;

const EXAMPLES: &str = "\
Examples:
  stint openapi > openapi.json";

/// Print the `OpenAPI` document of the REST API
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        output::line(serde_json::to_string_pretty(&stint_web::document(&BasePath::default()))?)?;
        Ok(ExitCode::SUCCESS)
    }
}
