//! `stint person role`, `deactivate` and `activate`. An operator may also take the role from the last admin.

use anyhow::{Result, anyhow};
use stint_domain::access::Role;
use stint_domain::ledger::Precondition;
use stint_domain::people::ports::person::{LastAdmin, PersonChanges};
use stint_domain::people::{Handle, PersonStatus};

use crate::output;
use crate::wiring::Ports;

/// Give a person another role; it holds within five seconds
#[derive(Debug, clap::Args)]
pub(super) struct RoleArgs {
    /// Whose
    #[arg(value_parser = super::handle)]
    handle: Handle,
    /// `viewer`, `member`, `manager` or `admin`
    role: Role,
}

/// Keep a person out: their sessions and tokens end within five seconds, and what they logged stays
#[derive(Debug, clap::Args)]
pub(super) struct DeactivateArgs {
    /// Whom
    #[arg(value_parser = super::handle)]
    handle: Handle,
}

/// Let a person in again; their tokens and sessions stay ended
#[derive(Debug, clap::Args)]
pub(super) struct ActivateArgs {
    /// Whom
    #[arg(value_parser = super::handle)]
    handle: Handle,
}

impl RoleArgs {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        change(ports, self.handle, PersonChanges { role: Some(self.role), ..PersonChanges::default() }).await
    }
}

impl DeactivateArgs {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let status = Some(PersonStatus::Deactivated);
        change(ports, self.handle, PersonChanges { status, ..PersonChanges::default() }).await
    }
}

impl ActivateArgs {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        change(ports, self.handle, PersonChanges { status: Some(PersonStatus::Active), ..PersonChanges::default() })
            .await
    }
}

async fn change(ports: &Ports, handle: Handle, changes: PersonChanges) -> Result<()> {
    let person = super::find(ports, handle).await?;
    let updated = ports.people().update(person.id, changes, LastAdmin::MayGo, Precondition::None).await;
    let person = updated.map_err(|error| anyhow!(error))?;
    tracing::info!(person = %person.id, role = %person.role, status = %person.status, "changed a person");
    Ok(output::line(format_args!("{}: {}, {}", person.handle, person.role, person.status))?)
}
