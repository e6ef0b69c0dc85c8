//! `stint person`: who may sign in. There is no permission check: anyone who can run this has access to the database.

mod adopt;
mod change;
mod create;
mod invite;
mod list;
mod show;

use std::process::ExitCode;

use anyhow::{Context, Result, anyhow};
use clap::Subcommand;
use stint_domain::access::TokenSecret;
use stint_domain::people::{Handle, Person};

use crate::output;
use crate::settings::{Configuration, HttpSettings, Listen};
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Examples:
  stint person create --handle ada --role admin        prints a link by which she sets a password and signs in
  stint person create --handle eve --name 'Eve Holt' --role member
  stint person list
  stint person role eve manager
  stint person invite eve                              a new link, as for a forgotten password
  stint person deactivate eve                          ends her sessions and tokens within five seconds
  stint person adopt eve 'eve laptop'                  what was logged under `eve laptop` is hers from now on";

/// Make, list and change the accounts of people
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
    Show(show::Args),
    Invite(invite::Args),
    Role(change::RoleArgs),
    Deactivate(change::DeactivateArgs),
    Activate(change::ActivateArgs),
    Adopt(adopt::Args),
}

impl Args {
    pub(super) async fn run(self) -> Result<ExitCode> {
        let (configuration, ports) = super::connect_configured().await?;
        ports.require_schema().await?;
        match self.action {
            Action::Create(args) => args.run(&configuration, &ports).await?,
            Action::List(args) => args.run(&ports).await?,
            Action::Show(args) => args.run(&ports).await?,
            Action::Invite(args) => args.run(&configuration, &ports).await?,
            Action::Role(args) => args.run(&ports).await?,
            Action::Deactivate(args) => args.run(&ports).await?,
            Action::Activate(args) => args.run(&ports).await?,
            Action::Adopt(args) => args.run(&ports).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn handle(text: &str) -> Result<Handle, String> {
    Handle::new(text).map_err(|error| error.to_string())
}

/// The person with this handle.
async fn find(ports: &Ports, handle: Handle) -> Result<Person> {
    let found = ports.people().find_by_handle(handle.clone()).await.context("cannot look for the person")?;
    found.ok_or_else(|| anyhow!("there is no person {handle}; `stint person list` shows who there is"))
}

/// Prints a link alone on stdout, and what to do with it beside it.
fn hand_out(configuration: &Configuration, person: &Person, secret: &TokenSecret) -> Result<()> {
    let http = &configuration.settings.http;
    output::line(link(http, &http.listen, secret))?;
    let told = "hand this link on: whoever has it sets the password of";
    Ok(output::hint(format_args!("{told} {}, once, within 24 hours", person.handle))?)
}

/// The link of an invitation: at the public address, or else where the service listens.
pub(super) fn link(http: &HttpSettings, listen: &Listen, secret: &TokenSecret) -> String {
    let origin = match (http.public_url.as_str(), listen) {
        ("", Listen::Tcp(address)) => format!("http://{address}"),
        (told, _) => told.to_owned(),
    };
    format!("{origin}{}/welcome#{}", http.base_path.as_str(), secret.expose())
}
