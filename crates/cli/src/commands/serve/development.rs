//! What the service does by itself only in development: it migrates, makes sure that there is a valid admin token, and
//! shows how to use it.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use anyhow::{Context, Result};
use stint_domain::access::services::{AuthenticateError, Grant, TokenDraft};
use stint_domain::access::{Scope, Scopes};
use stint_domain::values::Subject;

use crate::output;
use crate::settings::Listen;
use crate::wiring::Ports;

/// Beside the default database; git ignores the folder.
const FOLDER: &str = ".stint";
const ADMIN_TOKEN: &str = ".stint/admin-token";

/// Brings the schema up, and makes an admin token if the file has none that is valid in this database.
pub(super) async fn prepare(ports: &Ports) -> Result<()> {
    for migration in ports.migrator.up().await? {
        tracing::info!(migration, "ran a migration");
    }
    ports.require_schema().await?;
    if !has_working_token(ports).await? {
        let draft = TokenDraft {
            name: Subject::new("development")?,
            subject: None,
            grant: Grant::Scopes(Scopes::new([Scope::Admin])?),
            expires_at: None,
            made_by: None,
        };
        let (token, secret) = ports.access().tokens.create(draft).await?;
        write_token(secret.expose()).with_context(|| format!("cannot write {ADMIN_TOKEN}"))?;
        tracing::info!(token = %token.id, file = ADMIN_TOKEN, "created an admin token");
    }
    Ok(())
}

async fn has_working_token(ports: &Ports) -> Result<bool> {
    let secret = match fs::read_to_string(ADMIN_TOKEN) {
        Ok(secret) => secret,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot read {ADMIN_TOKEN}")),
    };
    match ports.access().authenticator.authenticate(secret.trim_end()).await {
        Ok(principal) => Ok(principal.require(Scope::Admin).is_ok()),
        Err(AuthenticateError::Backend(error)) => Err(error.into()),
        Err(_) => Ok(false),
    }
}

fn write_token(secret: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(FOLDER)?;
    // A new file, because an existing file would keep its mode.
    match fs::remove_file(ADMIN_TOKEN) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    writeln!(OpenOptions::new().write(true).create_new(true).mode(0o600).open(ADMIN_TOKEN)?, "{secret}")
}

/// A command to copy.
pub(super) fn show_first_steps(address: &Listen) -> Result<()> {
    let target = match address {
        Listen::Tcp(address) => format!("http://{address}/api/v1/jobs"),
        Listen::Unix(path) => format!("--unix-socket {} http://stint/api/v1/jobs", path.display()),
        Listen::Systemd => return Ok(()),
    };
    output::hint(format_args!(
        "\nReady. In another terminal, in this folder:\n\n    curl -H \"Authorization: Bearer $(cat {ADMIN_TOKEN})\" {target}\n"
    ))?;
    Ok(())
}
