//! `stint dbshell`: the database's own shell on the configured database.

use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::settings::{Configuration, DatabaseUrl, Surroundings};

const EXAMPLES: &str = "\
Examples:
  stint dbshell
  echo 'select count(*) from jobs' | stint dbshell";

/// Open psql or sqlite3 on the configured database
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self) -> Result<ExitCode> {
        let Self {} = self;
        let configuration = Configuration::load(&Surroundings::of_process())?;
        let (mut shell, package) = match &configuration.settings.database.url {
            DatabaseUrl::Postgres(url) => {
                let (url, password) = url.split_password();
                let mut psql = Command::new("psql");
                psql.arg("--dbname").arg(url);
                if let Some(password) = password {
                    psql.env("PGPASSWORD", password);
                }
                (psql, "postgresql-client")
            }
            DatabaseUrl::Sqlite(path) => {
                // The shell would create an empty database.
                if !path.try_exists().with_context(|| format!("cannot look for {}", path.display()))? {
                    bail!("there is no database {}; run `stint migrate`", path.display());
                }
                let mut sqlite = Command::new("sqlite3");
                // SQLite's shell reads a name that starts with `file:` as a URL, and one that starts with `-` as an
                // option.
                sqlite.arg(if path.is_relative() { Path::new(".").join(path) } else { path.clone() });
                (sqlite, "sqlite3")
            }
        };
        let name = shell.get_program().to_string_lossy().into_owned();
        let error = become_command(&mut shell);
        match error.kind() {
            ErrorKind::NotFound => bail!("`{name}` is not installed; on Debian: apt-get install {package}"),
            _ => Err(error).with_context(|| format!("cannot run `{name}`")),
        }
    }
}

/// Replaces this process by the command, so that the command has the terminal and the signals. Returns only on failure.
fn become_command(command: &mut Command) -> std::io::Error {
    use std::os::unix::process::CommandExt;

    command.exec()
}
