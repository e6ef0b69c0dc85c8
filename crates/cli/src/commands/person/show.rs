//! `stint person show`: one person.

use anyhow::Result;
use stint_domain::people::Handle;

use super::list::Row;
use crate::output;
use crate::wiring::Ports;

/// Print a person as a JSON object
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whom
    #[arg(value_parser = super::handle)]
    handle: Handle,
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let person = super::find(ports, self.handle).await?;
        Ok(output::line(serde_json::to_string_pretty(&Row::from(&person))?)?)
    }
}
