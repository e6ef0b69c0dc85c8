//! What the service does by itself only in development: it migrates, makes sure that there are a valid admin token and an
//! admin, and shows how to use them.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

use anyhow::{Context, Result};
use stint_domain::access::services::{AuthenticateError, Grant, TokenDraft};
use stint_domain::access::{Role, Scope, Scopes, TokenSecret};
use stint_domain::ledger::Precondition;
use stint_domain::people::ports::person::{LastAdmin, PersonChanges};
use stint_domain::people::services::PersonDraft;
use stint_domain::people::{Handle, PersonName, PersonStatus, WeekStart};
use stint_domain::values::{Subject, Zone};

use crate::commands::person::link;
use crate::output;
use crate::settings::{HttpSettings, Listen};
use crate::wiring::Ports;

/// Beside the default database; git ignores the folder.
const FOLDER: &str = ".stint";
const ADMIN_TOKEN: &str = ".stint/admin-token";
/// The development admin's handle.
const ADMIN: &str = "admin";

/// Brings the schema up, and makes an admin token if the file has none that is valid in this database. Returns the secret
/// of a link that signs the development admin in, once.
pub(super) async fn prepare(ports: &Ports) -> Result<TokenSecret> {
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
            person: None,
            made_by: None,
        };
        let (token, secret) = ports.access().tokens.create(draft).await?;
        write_token(secret.expose()).with_context(|| format!("cannot write {ADMIN_TOKEN}"))?;
        tracing::info!(token = %token.id, file = ADMIN_TOKEN, "created an admin token");
    }
    link_of_admin(ports).await
}

/// A new link of the development admin, who is made if there is none.
async fn link_of_admin(ports: &Ports) -> Result<TokenSecret> {
    let (people, handle) = (ports.people(), Handle::new(ADMIN)?);
    if let Some(admin) = people.find_by_handle(handle.clone()).await? {
        if admin.status == PersonStatus::Deactivated {
            let active = PersonChanges { status: Some(PersonStatus::Active), ..PersonChanges::default() };
            people.update(admin.id, active, LastAdmin::MayGo, Precondition::None).await?;
        }
        return Ok(people.invite(admin.id).await?.1);
    }
    let draft = PersonDraft {
        handle,
        name: PersonName::new("Development admin")?,
        email: None,
        role: Role::Admin,
        time_zone: Zone::UTC,
        week_starts_on: WeekStart::default(),
        adopt: true,
    };
    let (admin, secret) = people.create(draft).await?;
    tracing::info!(person = %admin.id, handle = ADMIN, "created a development admin");
    Ok(secret)
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

/// A link to open, and a command to copy.
pub(super) fn show_first_steps(http: &HttpSettings, address: &Listen, secret: &TokenSecret) -> Result<()> {
    let target = match address {
        Listen::Tcp(address) => format!("http://{address}/api/v1/jobs"),
        Listen::Unix(path) => format!("--unix-socket {} http://stint/api/v1/jobs", path.display()),
        Listen::Systemd => return Ok(()),
    };
    let link = link(http, address, secret);
    output::hint(format_args!(
        "\nReady. Open this link, which signs you in once:\n\n    {link}\n\nIn another terminal, in this folder:\n\n    curl -H \
         \"Authorization: Bearer $(cat {ADMIN_TOKEN})\" {target}\n"
    ))?;
    Ok(())
}
