//! `stint token create`: the one moment in which a secret can be seen.

use anyhow::{Result, anyhow};
use stint_domain::Scopes;
use stint_domain::services::TokenDraft;
use stint_domain::values::Subject;

use super::expiry::Expiry;
use crate::output;
use crate::wiring::Ports;

const EXAMPLES: &str = "\
The secret is printed alone on stdout, once. It cannot be had again.

Examples:
  stint token create --name ci --scopes read,write
  TOKEN=$(stint token create --name payroll --scopes read --expires 90d)
  stint token create --name laptop --subject ada --scopes read,write --expires 2027-01-01";

/// Create a token and print its secret
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// What people call the token
    #[arg(long, value_parser = subject)]
    name: Subject,
    /// What it may do: `read`, `write`, `admin`, separated by commas; `admin` includes the others
    #[arg(long)]
    scopes: Scopes,
    /// Whom it speaks for, shown as `created_by` [default: its name]
    #[arg(long, value_parser = subject)]
    subject: Option<Subject>,
    /// When it ends: a span such as `90d`, or a date, at whose beginning (UTC) it ends [default: never]
    #[arg(long)]
    expires: Option<Expiry>,
}

fn subject(text: &str) -> Result<Subject, String> {
    Subject::new(text).map_err(|error| error.to_string())
}

impl Args {
    pub(super) async fn run(self, ports: &Ports) -> Result<()> {
        let now = ports.clock.now();
        let expires_at = self.expires.map(|expiry| expiry.after(now)).transpose()?;
        let draft = TokenDraft { name: self.name, subject: self.subject, scopes: self.scopes, expires_at };
        let (token, secret) = ports.token_service().create(draft).await.map_err(|error| anyhow!(error))?;
        tracing::info!(token = %token.id, name = %token.name, scopes = %token.scopes, "created a token");
        Ok(output::line(secret.expose())?)
    }
}
