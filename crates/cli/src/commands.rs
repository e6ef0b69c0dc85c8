//! The command line: one file per subcommand, and the first steps that several share.

mod check;
mod dbshell;
mod migrate;
mod openapi;
mod person;
mod pings;
mod serve;
mod settings;
mod signals;
mod task;
mod token;
mod worker;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};
use prometheus_client::registry::Registry;

use crate::settings::{Configuration, Surroundings};
use crate::telemetry;
use crate::version::VERSION;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
Examples:
  stint migrate                                   bring the database's schema up
  stint token create --name ci --scopes read,write
  stint person create --handle ada --role admin   prints a link by which she signs in
  stint serve                                     answer requests until SIGTERM
  stint worker                                    log pings and run tasks until SIGTERM
  stint settings                                  the values in force and their sources

STINT_DATABASE_URL names the database (sqlite://PATH or postgres://USER:PASSWORD@HOST/DATABASE).
STINT_ENV is `development`, `staging` or `deployment` (the default).";

/// A self-hosted ledger of working time
#[derive(Debug, Parser)]
#[command(name = "stint", version = VERSION, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Args),
    Worker(worker::Args),
    Migrate(migrate::Args),
    Token(token::Args),
    Person(person::Args),
    Pings(pings::Args),
    Task(task::Args),
    Check(check::Args),
    Settings(settings::Args),
    Openapi(openapi::Args),
    Dbshell(dbshell::Args),
}

impl Cli {
    pub(crate) async fn run(self) -> Result<ExitCode> {
        match self.command {
            Command::Serve(args) => args.run().await,
            Command::Worker(args) => args.run().await,
            Command::Migrate(args) => args.run().await,
            Command::Token(args) => args.run().await,
            Command::Person(args) => args.run().await,
            Command::Pings(args) => args.run().await,
            Command::Task(args) => args.run().await,
            Command::Check(args) => args.run().await,
            Command::Settings(args) => args.run(),
            Command::Openapi(args) => args.run(),
            Command::Dbshell(args) => args.run(),
        }
    }
}

/// Reads the settings and starts the logs.
fn configure() -> Result<Configuration> {
    let configuration = Configuration::load(&Surroundings::of_process())?;
    telemetry::start(&configuration.settings.log)?;
    Ok(configuration)
}

/// Connects to the configured database, whatever its schema.
async fn connect() -> Result<Ports> {
    Ok(connect_configured().await?.1)
}

/// The same, with the settings.
async fn connect_configured() -> Result<(Configuration, Ports)> {
    let configuration = configure()?;
    let ports = Ports::connect(&configuration.settings, &mut Registry::default()).await?;
    Ok((configuration, ports))
}
