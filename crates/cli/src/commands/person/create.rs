//! `stint person create`: makes an account, and shows the link by which its person sets a password.

use anyhow::{Context, Result, anyhow};
use stint_domain::access::Role;
use stint_domain::people::services::PersonDraft;
use stint_domain::people::{Email, Handle, PersonName, WeekStart};
use stint_domain::values::Zone;

use crate::settings::Configuration;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
The link is printed alone on stdout, once. It cannot be shown again; `stint person invite` makes another.

Examples:
  stint person create --handle ada --role admin
  stint person create --handle eve --name 'Eve Holt' --email eve@example.org --role member --time-zone Europe/Berlin
  stint person create --handle ci --role member --adopt       what tokens and entries of `ci` hold is theirs";

/// Make an account and print the link by which its person signs in
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The name to sign in with: letters, digits, `.`, `_`, `-`; it never changes
    #[arg(long, value_parser = super::handle)]
    handle: Handle,
    /// What the person may do: `viewer` reads, `member` has its own entries, `manager` writes, `admin` may all
    #[arg(long)]
    role: Role,
    /// The name that others read [default: the handle]
    #[arg(long, value_parser = name)]
    name: Option<PersonName>,
    /// Where the person can be reached; nothing is ever sent there
    #[arg(long, value_parser = email)]
    email: Option<Email>,
    /// The IANA time zone whose midnight divides the person's days [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<Zone>,
    /// The first day of the person's weeks [default: monday]
    #[arg(long, value_name = "DAY")]
    week_starts_on: Option<WeekStart>,
    /// Take a handle that tokens or entries have as subject: what they logged is the person's (for another subject, see
    /// `stint person adopt`)
    #[arg(long)]
    adopt: bool,
}

fn name(text: &str) -> Result<PersonName, String> {
    PersonName::new(text).map_err(|error| error.to_string())
}

fn email(text: &str) -> Result<Email, String> {
    Email::new(text).map_err(|error| error.to_string())
}

impl Args {
    pub(super) async fn run(self, configuration: &Configuration, ports: &Ports) -> Result<()> {
        let Self { handle, role, name, email, time_zone, week_starts_on, adopt } = self;
        let name = match name {
            Some(name) => name,
            None => PersonName::new(handle.as_str()).context("the handle is no name; give one with --name")?,
        };
        let (time_zone, week_starts_on) = (time_zone.unwrap_or_default(), week_starts_on.unwrap_or_default());
        let draft = PersonDraft { handle, name, email, role, time_zone, week_starts_on, adopt };
        let (person, secret) = ports.people().create(draft).await.map_err(|error| anyhow!(error))?;
        tracing::info!(person = %person.id, handle = %person.handle, role = %person.role, "created a person");
        super::hand_out(configuration, &person, &secret)
    }
}
