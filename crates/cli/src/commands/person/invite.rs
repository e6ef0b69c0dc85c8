//! `stint person invite`: a new link for a person, as for a forgotten password.

use anyhow::{Result, anyhow};
use stint_domain::people::Handle;

use crate::settings::Configuration;
use crate::wiring::Ports;

/// Print a new link by which a person sets a password; older links of theirs end
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Whose
    #[arg(value_parser = super::handle)]
    handle: Handle,
}

impl Args {
    pub(super) async fn run(self, configuration: &Configuration, ports: &Ports) -> Result<()> {
        let person = super::find(ports, self.handle).await?;
        let (person, secret) = ports.people().invite(person.id).await.map_err(|error| anyhow!(error))?;
        super::hand_out(configuration, &person, &secret)
    }
}
